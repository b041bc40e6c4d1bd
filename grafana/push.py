"""Boards into a running Grafana over its HTTP API: data source, folders, dashboards, alerts.

Repeating it changes nothing: what is there is read first, and what differs is written. Grafana never says a password,
so one that is set is taken for the right one unless a reset is requested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaServerError, GrafanaTimeoutError

from grafana.alerts.durations import seconds_of
from grafana.alerts.push import Group, wanted_groups
from grafana.alerts.rules import FOLDER, FOLDER_UID
from grafana.build import made
from grafana.dataquery import DATASOURCE_UID, PLUGIN
from grafana.releases import Json, Release, release_of
from schemas.errors import Terminal, Transient
from schemas.parameters import Department
from schemas.screens.boards import BOARDS
from schemas.screens.translations.boards import board_texts

T = TypeVar("T")

_TIMEOUT_S = 20.0
_NOT_FOUND = 404
_DURATIONS = ("for", "keep_firing_for")
"""Grafana gives them back in a form of its own: 7d as 1w."""


class ClickHouse(NamedTuple):
    """How Grafana reaches the store: a user that only reads. Not shown: it holds a password."""

    host: str
    port: int
    secure: bool
    user: str
    password: str
    database: str

    @staticmethod
    def of(dsn: str) -> ClickHouse:
        """From `http[s]://user:password@host:port/database`; raises Terminal, which does not repeat it."""
        try:
            parts = urlsplit(dsn)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError
            secure = parts.scheme == "https"
            port = parts.port or (8443 if secure else 8123)
        except ValueError:
            raise Terminal("GRAFANA_CLICKHOUSE: not of the form http[s]://user:password@host:port/database") from None
        database = parts.path.strip("/") or "default"
        return ClickHouse(parts.hostname, port, secure, parts.username or "default", parts.password or "", database)

    @property
    def datasource(self) -> Json:
        """What is sent to Grafana."""
        return {
            "uid": DATASOURCE_UID,
            "name": "callfunnel",
            "type": PLUGIN,
            "access": "proxy",
            "jsonData": {
                "host": self.host,
                "port": self.port,
                "protocol": "http",
                "secure": self.secure,
                "username": self.user,
                "defaultDatabase": self.database,
                "dialTimeout": "10",
                "queryTimeout": "60",
            },
        }


class Doing(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Change(NamedTuple):
    """One thing in Grafana, and what becomes of it."""

    what: str
    name: str
    doing: Doing
    apply: Callable[[], object]


class Pusher:
    """Knows a Grafana. Raises Transient when it does not answer, Terminal when it refuses."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Terminal("GRAFANA_URL: not of the form http[s]://host:port")
        self._where = f"grafana at {parts.hostname}"
        self._api = GrafanaApi.from_url(url=url, credential=token, timeout=_TIMEOUT_S)

    def close(self) -> None:
        self._api.client.s.close()

    def release(self) -> Release | None:
        """Which Grafana it is; None when it does not say so. Raises Terminal for one that is too old."""
        found: Json | None = self._ask("version", self._api.health.check)
        version = (found or {}).get("version")
        return release_of(version) if isinstance(version, str) and version else None

    def changes(
        self,
        store: ClickHouse,
        department: Department,
        languages: Sequence[str],
        release: Release,
        *,
        renew_password: bool = False,
    ) -> list[Change]:
        """What a push would do, in the order to do it. Reads only."""
        return [
            self._datasource(store, renew_password=renew_password),
            *(self._folder(folder_uid(language), board_texts(language).folder) for language in languages),
            *self._dashboards(department, languages, release),
            self._folder(FOLDER_UID, FOLDER),
            *(self._rules(group) for group in wanted_groups(department, release)),
        ]

    def apply(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Do what is to be done, and tell of each thing once it is done."""
        for change in changes:
            if change.doing is not Doing.UNCHANGED:
                self._ask(f"{change.what} {change.name}", change.apply)
            yield change

    def _datasource(self, store: ClickHouse, *, renew_password: bool) -> Change:
        wanted = store.datasource
        api, name = self._api.datasource, str(wanted["name"])
        found: Json | None = self._find(f"data source {name}", lambda: api.get_datasource_by_uid(DATASOURCE_UID))
        secret = {**wanted, "secureJsonData": {"password": store.password}}
        if found is None:
            return Change("data source", name, Doing.CREATED, lambda: api.create_datasource(secret))
        has_password = bool((found.get("secureJsonFields") or {}).get("password"))
        same = holds(found, wanted) and has_password and not renew_password
        doing = Doing.UNCHANGED if same else Doing.UPDATED
        return Change("data source", name, doing, lambda: api.update_datasource_by_uid(DATASOURCE_UID, secret))

    def _folder(self, uid: str, title: str) -> Change:
        api = self._api.folder
        found: Json | None = self._find(f"folder {title}", lambda: api.get_folder(uid))
        if found is None:
            return Change("folder", title, Doing.CREATED, lambda: api.create_folder(title, uid))
        doing = Doing.UNCHANGED if found["title"] == title else Doing.UPDATED
        return Change("folder", title, doing, lambda: api.update_folder(uid, title, overwrite=True))

    def _dashboards(self, department: Department, languages: Sequence[str], release: Release) -> Iterator[Change]:
        for language in languages:
            for board in BOARDS:
                yield self._dashboard(made(board, department, language, release), folder_uid(language))

    def _dashboard(self, wanted: Json, folder: str) -> Change:
        api, title = self._api.dashboard, str(wanted["title"])
        found: Json | None = self._find(f"dashboard {title}", lambda: api.get_dashboard(wanted["uid"]))
        payload = {"dashboard": wanted, "folderUid": folder, "overwrite": True, "message": "callfunnel boards push"}
        doing = Doing.CREATED
        if found is not None:
            if found["meta"].get("provisioned"):
                raise Terminal(f"dashboard {title}: it comes from a file of Grafana's; change that file, or remove it")
            same = holds(found["dashboard"], wanted) and found["meta"].get("folderUid") == folder
            doing = Doing.UNCHANGED if same else Doing.UPDATED
        return Change("dashboard", title, doing, lambda: api.update_dashboard(payload))

    def _rules(self, group: Group) -> Change:
        api, name = self._api.alertingprovisioning, group.name
        found: Json | None = self._find(f"alert rules {name}", lambda: api.get_rule_group(FOLDER_UID, name))
        doing = Doing.CREATED
        if found is not None:
            doing = Doing.UNCHANGED if holds(found, group.body) else Doing.UPDATED
        # Without provenance heads may pause a rule in Grafana; the next push says what it sets back.
        return Change(
            "alert rules",
            name,
            doing,
            lambda: api.update_rule_group(FOLDER_UID, name, group.body, disable_provenance=True),
        )

    def _find(self, what: str, ask: Callable[[], T]) -> T | None:
        """None when it is not there."""
        try:
            return self._ask(what, ask)
        except _Missing:
            return None

    def _ask(self, what: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (OSError, GrafanaTimeoutError) as error:  # what its HTTP client raises is an OSError
            raise Transient(f"{self._where} does not answer: {type(error).__name__}; check GRAFANA_URL") from None
        except GrafanaServerError as error:
            raise Transient(f"{self._where}: {what}: {error.message}") from None
        except GrafanaClientError as error:
            if error.status_code == _NOT_FOUND:
                raise _Missing(f"{self._where} has no {what}") from None
            raise Terminal(f"{self._where}: {what}: {_advice(error)}") from None


class _Missing(Terminal):
    """It is not there."""


def _advice(error: GrafanaException) -> str:
    if error.status_code in (401, 403):
        return "GRAFANA_TOKEN may not do this: give the token of a service account with the role Admin"
    return f"refused with status {error.status_code}: {error.message}"


def folder_uid(language: str) -> str:
    return f"callfunnel-{language}"


def holds(found: object, wanted: object) -> bool:
    """Everything that is wanted is there and the same; Grafana may have added what it likes to objects."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and (holds(found[name], value) or (name in _DURATIONS and _as_long(found[name], value)))
            for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(holds(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return found == wanted


def _as_long(found: object, wanted: object) -> bool:
    seconds = seconds_of(wanted)
    return seconds is not None and seconds_of(found) == seconds
