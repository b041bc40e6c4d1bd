"""Alert rules into a running Grafana: the folder of alerts, and the groups of rules in it.

Contact points, policies and templates are not pushed: Grafana has one tree of policies, and whoever runs it has theirs.
Rules carry the labels `callfunnel` (head, operations) and `rule` to be routed by.
"""

from __future__ import annotations

from typing import NamedTuple

from grafana.alerts.rules import FOLDER_UID, groups
from grafana.releases import Json, Release, fitted_rule
from schemas.parameters import Department


class Group(NamedTuple):
    """A group of rules as Grafana's API has it."""

    name: str
    body: Json


def wanted_groups(department: Department, release: Release) -> list[Group]:
    """The groups that should be there."""
    return [
        Group(
            name,
            {
                "title": name,
                "folderUid": FOLDER_UID,
                "interval": every,
                "rules": [
                    {**fitted_rule(rule, release), "orgID": 1, "folderUID": FOLDER_UID, "ruleGroup": name}
                    for rule in rules
                ],
            },
        )
        for name, every, rules in groups(department)
    ]
