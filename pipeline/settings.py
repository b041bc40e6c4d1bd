"""Settings: business ones in `callfunnel.toml`, connections in `CALLFUNNEL_*`. A wrong one is named, never ignored.

time_zone = "Europe/Moscow"      # the reporting zone: what a day is. Default: the machine's zone
region = "RU"                    # for phone numbers written without a country
conversation_s = 30              # a conversation is a call at least this long

[calendar]                       # which days are worked; a loaded calendar (--kind calendar) wins over it
country = "RU"                   # whose holidays and moved days; "" for none. Default: region
subdivision = ""                 # of the country, where holidays differ (DE: "BY")
weekend = ["sat", "sun"]         # default: the country's
opens = "09:00"                  # working hours: today counts as the part of them that is over
closes = "18:00"

[sources.office]                 # what no export says of itself
time_zone = "Europe/Moscow"
extensions = '\\d{3}'             # regex of inside numbers
trunks = ["provider1"]
ties = ["to-branch"]             # lines to a sister exchange: a call through both is counted where its phone is
machines = ["600", '7\\d{3}']    # menus, voicemail, groups, queues: never a person, what answers there is a machine
columns = ["historyid", "callid"] # the order of a log that an administrator laid out (3CX)

[sources.kommo.stages]           # what a CRM calls our stages in its events
"5512/142" = "customer"

[listen.b24]                     # what `callfunnel listen api b24` and `up` pull: `callfunnel connect` writes one
api = "bitrix24"
from = 2026-01-01

[mappings.deals]                 # a table of your own: `callfunnel map FILE` proposes and writes one
kind = "stages"
columns.organisation_id = "Company"
columns.stage = "Deal stage"
columns.changed_at = "Last modified"

[privacy]
mask = true                      # boards, report and lists show +7 916 ***-**-01: docs/privacy.md

[retention]                      # how long facts are kept; counts stay. Days or years; unset: for ever
raw_numbers = "400 days"         # telephone numbers of calls, in clear
legs = "3 years"                 # calls and their legs
rejects = "90 days"              # rejected rows, in the store and as files
files_done = "90 days"           # files in done/ of watched folders

[warnings]                       # who is told, and when: docs/warnings.md
quiet = "20:00-08:00"
digest = "09:00"                 # yesterday in five lines

[warnings.to.head]               # a receiver of all warnings; with teams = ["North"] those of a team
email = ["head@example.com"]

[[stages]]                       # instead of the default ones: see schemas/stages.toml
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from phonenumbers import SUPPORTED_REGIONS

from pipeline.count import Rules
from pipeline.warnings.receivers import WarningPlan, warning_plan
from pipeline.working_calendar import WEEKDAYS, WorkingCalendar, check_country
from pipeline.zones import machine_zone, zone_of
from schemas.errors import Terminal
from schemas.mapping import Mapping as TableMapping
from schemas.pulling import Copies, PullSettings
from schemas.stages import Stage, Stages, default_stages

S = TypeVar("S", bound=msgspec.Struct)

VARIABLES = {
    "CALLFUNNEL_KAFKA": "bootstrap servers, host:port[,host:port]",
    "CALLFUNNEL_CLICKHOUSE": "http[s]://user:password@host:port/database",
    "CALLFUNNEL_CONFIG": "path of callfunnel.toml",
    "CALLFUNNEL_DATA": "data folder of the embedded stack",
    "CALLFUNNEL_NAMESPACE": "prefix of topics and consumer group, one per company",
    "CALLFUNNEL_SQL": "mysql://user:password@host/database (or postgresql://), for `callfunnel listen sql`",
    "CALLFUNNEL_BITRIX24": "the address of an inbound webhook of Bitrix24, for `callfunnel connect` and `listen api`",
    "CALLFUNNEL_KOMMO": "the long-lived token of Kommo or amoCRM, for `callfunnel connect` and `listen api`",
    "CALLFUNNEL_MANGO": "KEY:SALT of Mango Office, for the same",
    "CALLFUNNEL_UIS": "address and key of the Data API of UIS and its sisters, for the same",
    "CALLFUNNEL_MEGAFON": "address and key of MegaFon VATS and its sisters, for the same",
    "CALLFUNNEL_ZADARMA": "KEY:SECRET of Zadarma, for the same",
    "CALLFUNNEL_MIKOPBX": "address and API key of MikoPBX, for the same",
    "CALLFUNNEL_BEELINE": "the token of Beeline Cloud PBX, for the same",
    "CALLFUNNEL_3CX": "address, id and secret of an API client of 3CX v20, for the same",
    "CALLFUNNEL_HUBSPOT": "the access token of a private app of HubSpot, for the same",
    "CALLFUNNEL_MTS": "the token of MTS VPBX, for the same",
    "CALLFUNNEL_AMI_SECRET": "the secret of the manager's user, for `callfunnel listen ami`",
    "CALLFUNNEL_ESL_PASSWORD": "the password of FreeSWITCH's event socket, for `callfunnel listen esl`",
    "CALLFUNNEL_HTTP_TOKEN": "the token of those who post and upload, for `callfunnel listen http`",
    "CALLFUNNEL_BOARD_TOKEN": "the key of the board page's address; set by `callfunnel up`",
    "CALLFUNNEL_BOARD_MARKS": "the store's user who keeps what the board page's readers say; set by `callfunnel up`",
    "CALLFUNNEL_SMTP_HOST": "the mail server of `callfunnel report --mail`: see docs/report.md",
    "CALLFUNNEL_SMTP_PORT": "its port, 587 (STARTTLS) or 465 (TLS)",
    "CALLFUNNEL_SMTP_SECURITY": "tls, starttls or none, where the port does not tell",
    "CALLFUNNEL_SMTP_USER": "who logs in there",
    "CALLFUNNEL_SMTP_PASSWORD": "the password",
    "CALLFUNNEL_MAIL_FROM": "the sender's address",
    "CALLFUNNEL_MAIL_TO": "receivers' addresses, separated by commas",
    "CALLFUNNEL_TELEGRAM_TOKEN": "the token of the bot that sends warnings: see docs/warnings.md",
    "CALLFUNNEL_TELEGRAM_API": "address of a Bot API server of your own, instead of Telegram's",
    "CALLFUNNEL_SLACK": "incoming webhooks of Slack: NAME=URL, separated by commas; or one URL",
    "CALLFUNNEL_WEBHOOK_TOKEN": "sent to the webhooks of [warnings] as a bearer token",
    "CALLFUNNEL_STORE_PASSWORD": "set by `callfunnel up` for its parts",
    "CALLFUNNEL_STORE_READER_PASSWORD": "set by `callfunnel up` for its parts",
    "CALLFUNNEL_PRIVACY_KEY": "path of the key of forgotten numbers; set by `callfunnel up` for its workers",
    "CALLFUNNEL_AUDIT": "path of the audit lines, for servers; the embedded stack keeps them in its data folder",
    "CALLFUNNEL_SAMPLES": "folder of private example exports, for tests",
}


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One exchange. Unset values fall back to the general ones; the zone has no default on purpose."""

    time_zone: str | None = None
    region: str | None = None
    extensions: str = r"\d{2,5}"
    trunks: tuple[str, ...] = ()
    prefixes: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{1,6}$")], ...] = ()
    """What is dialled before a number outside to get a line: 9, 98."""
    columns: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    """Peers that lead to a sister exchange whose records are loaded too."""
    machines: tuple[str, ...] = ()
    """Numbers of groups, queues, menus and voicemail, or regular expressions of them: never a person."""
    stages: dict[str, str] = {}
    """What a CRM calls a stage in its events (Kommo: `pipeline/status`) -> our code or title."""


_Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class _Calendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    country: str | None = None
    subdivision: str = ""
    weekend: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    opens: _Clock = "09:00"
    closes: _Clock = "18:00"


class Privacy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What readers may see."""

    mask: bool = False
    """Telephone numbers are shown as +7 916 ***-**-01 (`schemas.mask`)."""


class _Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    raw_numbers: str | None = None
    legs: str | None = None
    rejects: str | None = None
    files_done: str | None = None


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Days that things are kept; None: for ever."""

    raw_numbers: int | None = None
    legs: int | None = None
    rejects: int | None = None
    files_done: int | None = None

    @property
    def is_set(self) -> bool:
        return any(days is not None for days in (self.raw_numbers, self.legs, self.rejects, self.files_done))


class _General(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file without its tables."""

    time_zone: str | None = None
    region: str = "RU"
    conversation_s: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] = 30


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the department is like."""

    time_zone: ZoneInfo
    region: str
    conversation_s: int
    calendar: WorkingCalendar
    sources: dict[str, SourceSettings]
    stages: Stages
    mappings: dict[str, TableMapping] = {}
    listen: dict[str, PullSettings] = {}
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    warnings: WarningPlan = WarningPlan()

    @property
    def rules(self) -> Rules:
        """What counting depends on."""
        return Rules(self.conversation_s, self.stages.potential)

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name, SourceSettings())

    def copies_of(self, name: str) -> Copies:
        """What a CRM's notes of calls are to a source, in its files and webhooks as in what is pulled."""
        return self.listen[name].copies if name in self.listen else "match"


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the file that CALLFUNNEL_CONFIG names, or ./callfunnel.toml, or the defaults.

    Raises Terminal naming the wrong or unknown setting.
    """
    _refuse_unknown(env)
    file, raw = _read_file(env)
    tables, stages, calendar = raw.pop("sources", {}), raw.pop("stages", None), raw.pop("calendar", {})
    mappings, pulled = raw.pop("mappings", {}), raw.pop("listen", {})
    privacy, retention = raw.pop("privacy", {}), raw.pop("retention", {})
    warnings = raw.pop("warnings", {})
    general = _section(raw, _General, file, "calendar, listen, mappings, privacy, retention, sources, stages, warnings")
    _check_region(general.region, f"{file}: region")
    zone = machine_zone(env) if general.time_zone is None else zone_of(general.time_zone, f"{file}: time_zone")
    if not isinstance(tables, dict):
        raise Terminal(f"{file}: sources: not a table; write [sources.NAME]")
    if not isinstance(mappings, dict):
        raise Terminal(f"{file}: mappings: not a table; write [mappings.NAME]")
    if not isinstance(pulled, dict):
        raise Terminal(f"{file}: listen: not a table; write [listen.NAME]")
    if wrong := next((name for name in pulled if not _FILE_NAME.fullmatch(name)), None):
        raise Terminal(f"{file}: listen.{wrong}: the name is that of files too: letters, digits, . _ -")
    ours = default_stages() if stages is None else _stages(stages, f"{file}: stages")
    return Settings(
        time_zone=zone,
        region=general.region,
        conversation_s=general.conversation_s,
        calendar=_calendar(calendar, general.region, f"{file}: calendar"),
        sources={name: _source(one, f"{file}: sources.{name}", ours) for name, one in tables.items()},
        stages=ours,
        mappings={name: _section(one, TableMapping, f"{file}: mappings.{name}") for name, one in mappings.items()},
        listen={name: _section(one, PullSettings, f"{file}: listen.{name}") for name, one in pulled.items()},
        privacy=_section(privacy, Privacy, f"{file}: privacy"),
        retention=_kept_for(retention, f"{file}: retention"),
        warnings=warning_plan(warnings, f"{file}: warnings"),
    )


def config_path(env: Mapping[str, str] = os.environ) -> Path:
    """Where the settings are, or would be."""
    return Path(env.get("CALLFUNNEL_CONFIG") or "callfunnel.toml")


def _read_file(env: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The name of the file, and what it says; nothing when there is none."""
    named, path = env.get("CALLFUNNEL_CONFIG"), config_path(env)
    if not named and not path.exists():
        return str(path), {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        if _holds_nul(found):
            raise Terminal(f"{path}: a setting holds a NUL character (\\u0000): remove it")
        return str(path), found
    except OSError as error:
        raise Terminal(f"{'CALLFUNNEL_CONFIG: ' if named else ''}{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Terminal(f"{path}: not written in UTF-8, as TOML is: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Terminal(f"{path}: this is not TOML: {error}; a line looks like region = 'RU'") from None


def _holds_nul(value: object) -> bool:
    """Any text in it, keys too: no exchange, zone or name has one, and files and addresses end there."""
    if isinstance(value, dict):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


def _section(raw: object, shape: type[S], where: str, tables: str = "") -> S:
    """A table of the file as its shape; Terminal names the wrong or unknown setting, and what is accepted there."""
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        accepted = ", ".join([*(f for f in shape.__struct_encode_fields__), *([tables] if tables else [])])
        raise Terminal(f"{where}: {error}; accepted settings: {accepted}") from None


def _source(raw: object, where: str, stages: Stages) -> SourceSettings:
    source = _section(raw, SourceSettings, where)
    for theirs, stage_text in source.stages.items():
        if stages.find(stage_text) is None:
            raise Terminal(f"{where}.stages: {theirs!r} = {stage_text!r}: stages are {', '.join(stages.codes)}")
    try:
        re.compile(source.extensions)
    except re.error as error:
        raise Terminal(
            f"{where}.extensions: {source.extensions!r} is not a regular expression such as '\\d{{3}}': {error}"
        ) from None
    for machine in source.machines:
        try:
            re.compile(machine)
        except re.error as error:
            raise Terminal(
                f"{where}.machines: {machine!r} is neither a number nor a regular expression such as '6\\d\\d': {error}"
            ) from None
    if source.time_zone is not None and source.time_zone != "auto":
        zone_of(source.time_zone, f"{where}.time_zone")
    if source.region is not None:
        _check_region(source.region, f"{where}.region")
    return source


def _calendar(raw: object, region: str, where: str) -> WorkingCalendar:
    given = _section(raw, _Calendar, where)
    country = region if given.country is None else given.country
    check_country(country, given.subdivision, where)
    if given.opens >= given.closes:
        raise Terminal(f"{where}.closes: {given.closes} is not after opens ({given.opens})")
    return WorkingCalendar(
        country=country,
        subdivision=given.subdivision,
        weekend=None if given.weekend is None else frozenset(map(WEEKDAYS.index, given.weekend)),
        opens=time.fromisoformat(given.opens),
        closes=time.fromisoformat(given.closes),
    )


_FILE_NAME = re.compile(r"[\w.-]{1,60}")
_DURATION = re.compile(r"(\d{1,5}) (day|days|year|years)")
_FEWEST_DAYS = {"raw_numbers": 30, "legs": 370, "rejects": 1, "files_done": 1}
"""Exports come late, and a corrected record is refused when its numbers are gone; and whom a manager talked to as a new
one depends on the calls of a year."""


def _kept_for(raw: object, where: str) -> Retention:
    given = _section(raw, _Retention, where)
    days: dict[str, int] = {}
    for name in given.__struct_fields__:
        text = getattr(given, name)
        if text is None:
            continue
        found = _DURATION.fullmatch(text.strip())
        if found is None:
            raise Terminal(f'{where}.{name}: {text!r} is not a time: write "90 days" or "3 years"')
        days[name] = int(found[1]) * (1 if found[2].startswith("day") else 366)
        if days[name] < _FEWEST_DAYS[name]:
            raise Terminal(f"{where}.{name}: {text!r} is too short: {_FEWEST_DAYS[name]} days at least")
    if "legs" in days and days.get("raw_numbers", 0) > days["legs"]:
        raise Terminal(f"{where}.raw_numbers: longer than legs, with which the numbers go: leave it out, or shorten it")
    return Retention(**days)


def _stages(raw: object, where: str) -> Stages:
    """Stages in the order of the file. A word that meant two stages would put organisations into the wrong one."""
    if not isinstance(raw, list) or not raw:
        raise Terminal(f"{where}: no stage; write [[stages]] once for each, or leave them out for the default ones")
    stages = [_section(one, Stage, f"{where}[{number}]") for number, one in enumerate(raw)]
    known: dict[str, str] = {}
    for stage in stages:
        if not stage.code:
            raise Terminal(f"{where}: a stage has an empty code; a code is a short word such as new")
        for name in {w.strip().casefold() for w in (stage.code, stage.title.ru, stage.title.en)} - {""}:
            if name in known:
                raise Terminal(f"{where}: {name!r} names two stages ({known[name]}, {stage.code}); give each its own")
            known[name] = stage.code
    return Stages(tuple(stages))


def _check_region(region: str, where: str) -> None:
    if region not in SUPPORTED_REGIONS:
        raise Terminal(f"{where}: no region is called {region!r}; two capital letters of ISO 3166 such as RU or DE")


def _refuse_unknown(env: Mapping[str, str]) -> None:
    unknown = sorted(name for name in env if name.startswith("CALLFUNNEL_") and name not in VARIABLES)
    if unknown:
        raise Terminal(f"unknown setting {unknown[0]}; accepted: {', '.join(sorted(VARIABLES))}")
