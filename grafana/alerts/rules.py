"""Rules in Grafana's two shapes: that of its provisioning files, and that of its HTTP API."""

from __future__ import annotations

from grafana.alerts.durations import duration
from grafana.alerts.sql import FIRES, queries
from grafana.alerts.templates import template
from grafana.dataquery import DATASOURCE_UID, ClickHouseQuery
from grafana.fields import uid
from grafana.releases import NEWEST, Json, Release, fitted_rule
from schemas.alerts import RULES, Rule
from schemas.parameters import Department
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.alerts import alert_texts

FOLDER = "callfunnel alerts"
"""Not that of the boards: alerts are provisioned first, and would make it."""
FOLDER_UID = "callfunnel-alerts"
_EXPRESSIONS = "__expr__"
_TIME_SERIES = 0
_CONDITION = "condition"


def groups(department: Department) -> list[tuple[str, int, list[Json]]]:
    """(name, seconds between evaluations, rules in the API's shape): rules of one rhythm are evaluated together."""
    rhythms = sorted({rule.every_s for rule in RULES})
    return [
        (f"callfunnel-{duration(every)}", every, [_rule(one, department) for one in RULES if one.every_s == every])
        for every in rhythms
    ]


def file(department: Department, release: Release = NEWEST) -> Json:
    """The content of a provisioning file."""
    made = [
        {
            "orgId": 1,
            "name": name,
            "folder": FOLDER,
            "interval": duration(every),
            "rules": [_in_file(fitted_rule(one, release)) for one in rules],
        }
        for name, every, rules in groups(department)
    ]
    return {"apiVersion": 1, "groups": made}


def _rule(rule: Rule, department: Department) -> Json:
    queries_by_name = queries(rule, department)
    data = [part for name, sql in queries_by_name.items() for part in _query_steps(rule, name, sql)]
    condition = {
        "type": "threshold",
        "expression": FIRES,
        "conditions": [{"evaluator": {"type": "gt", "params": [0.5]}}],
    }
    return {
        "uid": f"callfunnel-{rule.id.replace('_', '-')}",
        "title": alert_texts("en").rules[rule.id].title,
        "condition": _CONDITION,
        "data": [*data, _expression(_CONDITION, condition)],
        # No row at all is a source that says nothing (an empty roster): no reason to wake anybody.
        "noDataState": "OK",
        "execErrState": "Error",
        "for": duration(rule.pending_s),
        "keep_firing_for": duration(rule.keep_s),
        "annotations": _annotations(rule),
        "labels": {"callfunnel": rule.urgency.value, "rule": rule.id},
        "isPaused": department.tells_by_itself,
    }


def _query_steps(rule: Rule, name: str, sql: str) -> list[Json]:
    """A query, and its latest value under the query's own name: messages can only name values of expressions."""
    query = {
        "refId": f"{name}_rows",
        "relativeTimeRange": {"from": rule.look_s + rule.late_s, "to": rule.late_s},
        "datasourceUid": DATASOURCE_UID,
        "model": {**ClickHouseQuery(sql, f"{name}_rows", _TIME_SERIES).to_json(), "datasource": _SOURCE},
    }
    return [query, _expression(name, {"type": "reduce", "expression": f"{name}_rows", "reducer": "last"})]


_SOURCE = {"type": "grafana-clickhouse-datasource", "uid": DATASOURCE_UID}


def _expression(name: str, model: Json) -> Json:
    source = {"type": _EXPRESSIONS, "uid": _EXPRESSIONS}
    return {
        "refId": name,
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": _EXPRESSIONS,
        "model": {"refId": name, "datasource": source, **model},
    }


def _annotations(rule: Rule) -> dict[str, str]:
    found = {}
    manager = "?var-manager={{ $labels.manager_id | urlquery }}" if "manager_id" in rule.labels else ""
    for language in LANGUAGES:
        rule_texts = alert_texts(language).rules[rule.id]
        found[f"title_{language}"] = rule_texts.title
        found[f"summary_{language}"] = template(rule_texts.summary)
        found[f"description_{language}"] = template(rule_texts.description)
        found[f"board_{language}"] = f"d/{uid(rule.board, language)}{manager}"
    # What Grafana's own lists show.
    return {**found, "summary": found["summary_en"], "description": found["description_en"]}


def _in_file(rule: Json) -> Json:
    """The API's shape as the file's."""
    renamed = {"keep_firing_for": "keepFiringFor"}
    return {renamed.get(name, name): value for name, value in rule.items()}
