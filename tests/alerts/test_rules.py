"""Rules as Grafana gets them: words, files, and queries that the plugin can evaluate."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import yaml

from grafana.alerts import notifications
from grafana.alerts.build import FOLDER, files, stale
from grafana.alerts.durations import seconds_of
from grafana.alerts.rules import FOLDER as ALERT_FOLDER
from grafana.alerts.rules import groups
from grafana.alerts.sql import FIRES, queries
from grafana.alerts.templates import template
from grafana.build import EXAMPLE
from grafana.dataquery import DATASOURCE_UID, PLUGIN_VERSION
from pipeline.alerts.evaluate import ask
from schemas.alerts import RULES, Rule, Urgency
from schemas.screens.boards import BOARDS
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.alerts import alert_texts, placeholders, plain
from schemas.screens.translations.boards import board_texts
from tests.alerts.test_triage import NOON, PEOPLE, Department, keep
from tests.grafana.expand import expanded
from tests.pipeline.property.tables import SETTINGS, Database

MADE = {name: yaml.safe_load(text) for name, text in files().items()}

# https://github.com/grafana/grafana/blob/main/pkg/services/provisioning/alerting: the keys of its files.
GROUP_KEYS = {"orgId", "name", "folder", "interval", "rules"}
RULE_KEYS = {
    *("uid", "title", "condition", "data", "dashboardUid", "panelId", "noDataState", "execErrState", "for"),
    *("keepFiringFor", "annotations", "labels", "isPaused", "notification_settings", "record"),
    "missing_series_evals_to_resolve",
}
QUERY_KEYS = {"refId", "queryType", "relativeTimeRange", "datasourceUid", "model"}
RECEIVER_KEYS = {"uid", "type", "settings", "disableResolveMessage"}
POLICY_KEYS = {
    *("orgId", "receiver", "group_by", "object_matchers", "matchers", "routes", "continue", "group_wait"),
    *("group_interval", "repeat_interval", "mute_time_intervals", "active_time_intervals"),
}


def _rules() -> list[dict[str, Any]]:
    return [one for group in MADE["rules.yaml"]["groups"] for one in group["rules"]]


def test_committed_files_are_what_their_definition_says() -> None:
    assert stale() == []
    assert {path.name for path in FOLDER.glob("*.yaml")} == set(MADE)


def test_files_have_the_keys_of_grafanas_and_no_others() -> None:
    for group in MADE["rules.yaml"]["groups"]:
        assert set(group) == GROUP_KEYS
        for one in group["rules"]:
            assert set(one) <= RULE_KEYS
            for query in one["data"]:
                assert set(query) <= QUERY_KEYS
    for point in MADE["contact-points.yaml"]["contactPoints"]:
        assert set(point) == {"orgId", "name", "receivers"}
        assert all(set(receiver) == RECEIVER_KEYS for receiver in point["receivers"])
    (tree,) = MADE["policies.yaml"]["policies"]
    assert all(set(one) <= POLICY_KEYS for one in (tree, *tree["routes"]))
    assert all(set(one) == {"orgId", "name", "template"} for one in MADE["templates.yaml"]["templates"])


def test_uids_titles_and_folders_are_their_own() -> None:
    uids, titles = Counter(one["uid"] for one in _rules()), Counter(one["title"] for one in _rules())
    assert len(uids) == len(titles) == len(RULES)
    assert all(len(name) <= 40 for name in uids)
    # Alerts are provisioned first, and would make a folder of the boards without its uid.
    assert ALERT_FOLDER not in {board_texts(language).folder for language in LANGUAGES}


def test_every_rule_waits_for_late_data_and_does_not_alert_for_its_own_errors() -> None:
    for group in MADE["rules.yaml"]["groups"]:
        assert _seconds(group["interval"]) % 10 == 0
    for one in _rules():
        assert one["execErrState"] == "Error"
        assert one["condition"] in {query["refId"] for query in one["data"]}
        rule = next(rule for rule in RULES if one["labels"]["rule"] == rule.id)
        assert (_seconds(one["for"]), _seconds(one["keepFiringFor"])) == (rule.pending_s, rule.keep_s)
        for query in one["data"]:
            if query["datasourceUid"] == DATASOURCE_UID:
                span = query["relativeTimeRange"]
                assert span == {"from": rule.look_s + rule.late_s, "to": rule.late_s}
                model = query["model"]
                assert (model["format"], model["editorType"], model["pluginVersion"]) == (0, "sql", PLUGIN_VERSION)


def _seconds(text: str) -> int:
    seconds = seconds_of(text)
    assert seconds is not None
    return seconds


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_of_every_rule_and_name_only_what_it_says(language: str) -> None:
    alert = alert_texts(language)
    assert list(alert.rules) == [rule.id for rule in RULES]
    assert alert.phrases.keys() == alert_texts("en").phrases.keys()
    for rule in RULES:
        texts = alert.rules[rule.id]
        assert placeholders(texts.title) == []
        named = {*placeholders(texts.summary), *placeholders(texts.description)}
        assert named <= {*rule.labels, *rule.numbers}
        assert named & set(rule.numbers)
        made = plain(texts.summary + texts.description, dict.fromkeys(rule.labels, "x"), dict.fromkeys(rule.numbers, 2))
        assert "{" not in made


def test_text_becomes_a_template_that_asks_for_what_is_not_there() -> None:
    assert template("{manager}: {calls:.0f} calls, {share:.1%}") == (
        '{{ $labels.manager }}: {{ with $values.calls }}{{ printf "%.0f" .Value }}{{ else }}?{{ end }} calls, '
        "{{ with $values.share }}{{ humanizePercentage .Value }}{{ else }}?{{ end }}"
    )
    assert template("{age_s:duration}") == "{{ with $values.age_s }}{{ humanizeDuration .Value }}{{ else }}?{{ end }}"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (125, "2m 5s"), (10_800, "3h 0m 0s"), (187_200, "2d 4h 0m 0s")]
)
def test_times_are_written_as_grafana_does_it(seconds: int, text: str) -> None:
    assert plain("{age_s:duration}", {}, {"age_s": seconds}) == text


def test_rules_are_paused_where_callfunnel_tells_by_itself() -> None:
    told = msgspec.structs.replace(EXAMPLE, tells_by_itself=True)
    assert {one["isPaused"] for _, _, rules in groups(told) for one in rules} == {True}
    assert {one["isPaused"] for one in _rules()} == {False}


def test_message_says_number_expectation_and_a_board_that_there_is() -> None:
    uids = {f"callfunnel-{board.id.replace('_', '-')}-{language}" for board in BOARDS for language in LANGUAGES}
    for one in _rules():
        names = {query["refId"] for query in one["data"]}
        notes = one["annotations"]
        for language in LANGUAGES:
            assert set(re.findall(r"\$values\.(\w+)", notes[f"summary_{language}"])) <= names
            assert notes[f"board_{language}"].removeprefix("d/").partition("?")[0] in uids
        # Grafana expands ${NAME} in annotations; a template has none.
        assert all("${" not in text for text in notes.values())


def test_secrets_and_addresses_come_from_the_environment_and_every_variable_is_listed() -> None:
    text = json.dumps([MADE["contact-points.yaml"], MADE["policies.yaml"]])
    assert set(re.findall(r"\$(\w+)", text)) == set(notifications.VARIABLES)
    for point in MADE["contact-points.yaml"]["contactPoints"]:
        (receiver,) = point["receivers"]
        for name in ("addresses", "bottoken", "chatid", "url", "authorization_credentials"):
            assert re.fullmatch(r"\$[A-Z_]+", receiver["settings"].get(name, "$X")), name
    assert {kind for kind, _ in notifications.CONTACTS} == {"email", "telegram", "slack", "webhook"}


def test_every_urgency_has_its_way() -> None:
    (tree,) = MADE["policies.yaml"]["policies"]
    assert [route["object_matchers"] for route in tree["routes"]] == [
        [["callfunnel", "=", one.value]] for one in Urgency
    ]
    assert {one["labels"]["callfunnel"] for one in _rules()} == set(Urgency)


def test_templates_are_those_that_contact_points_name_and_close_what_they_open() -> None:
    texts = "".join(one["template"] for one in MADE["templates.yaml"]["templates"])
    for language in LANGUAGES:
        for part in ("title", "text"):
            assert f'{{{{ define "callfunnel.{language}.{part}" ' in texts
    opened = len(re.findall(r"\{\{ (?:define|range|if|with) ", texts))
    assert opened == len(re.findall(r"\{\{ end -?\}\}", texts))


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    """A department in which each rule but the silent ones has something to say of."""
    database = Database(store_dsn)
    department = Department()
    department.without(["ann"], NOON.replace(hour=0))
    department.fill(database)
    long_ago = (NOON - timedelta(days=1)).isoformat()
    keep(
        database,
        "feeds",
        {"source": "a", "door": "ami", "state": "failed", "started_at": long_ago, "heartbeat_at": long_ago},
    )
    return database


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_query_is_one_that_grafana_evaluates_and_says_what_the_command_says(database: Database, rule: Rule) -> None:
    start, end = NOON - timedelta(seconds=rule.look_s), NOON
    things = sorted(ask(database.numbers, SETTINGS, [NOON], [rule]), key=lambda thing: list(thing.labels.values()))
    for name, sql in queries(rule, EXAMPLE).items():
        sql_of_period = expanded(sql, start, end)
        kinds = database.client.query(f"DESCRIBE ({sql_of_period})").result_rows
        # A time, text labels, and exactly one number that is never NULL, NaN or Inf.
        assert [kind for column, kind, *_ in kinds if column == "time"] == ["DateTime"]
        assert [(column, kind) for column, kind, *_ in kinds if column in rule.labels] == [
            (column, "String") for column in rule.labels
        ]
        assert kinds[-1][:2] == ("value", "Float64")
        assert len(kinds) == 2 + len(rule.labels)
        rows = [json.loads(line) for line in database.client.raw_query(sql_of_period, fmt="JSONEachRow").splitlines()]
        # In order of time, which is one; the order of the things is nobody's.
        rows.sort(key=lambda row: [row[label] for label in rule.labels])
        rows.sort(key=lambda row: [row[label] for label in rule.labels])
        wanted = [thing.is_firing if name == FIRES else thing.numbers[name] for thing in things]
        assert [row["value"] for row in rows] == pytest.approx([float(one) for one in wanted])
        assert [[row[label] for label in rule.labels] for row in rows] == [
            list(thing.labels.values()) for thing in things
        ]


def test_roster_has_a_row_for_everybody_in_the_rules_of_managers(database: Database) -> None:
    for rule in RULES:
        if "manager_id" in rule.labels:
            things = list(ask(database.numbers, SETTINGS, [NOON], [rule]))
            assert sorted(thing.labels["manager_id"] for thing in things) == sorted(PEOPLE)


def test_rules_of_one_rhythm_are_one_group() -> None:
    made = groups(EXAMPLE)
    assert sum(len(rules) for _, _, rules in made) == len(RULES)
    assert len({every for _, every, _ in made}) == len(made)
