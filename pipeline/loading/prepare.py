"""Before anything is sent: what a file is, and how it is to be read."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.mapped.choose import choose_mapped
from connectors.reading.parts import samples
from connectors.reading.sample import Sample
from connectors.reading.source import Context, Recognised, Source
from connectors.recognise import choose
from connectors.registry import PROFILES
from pipeline.clock import as_datetime, wall_clock
from pipeline.settings import Settings
from pipeline.zones import zone_of
from schemas.errors import Terminal


class LoadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How files are to be loaded. "" where the settings or the file decide."""

    kind: str = ""
    """"": the kind of the file's mapping, else calls."""
    source: str = ""
    exchange: str = "pbx"
    """The source of calls when none is given."""
    tz: str = ""
    profile: str = "auto"
    region: str = ""
    rejects: Path = Path("rejects")
    prefixes: tuple[str, ...] = ()
    """Digits dialled for a line to the outside; () for the settings'."""
    complete: bool = False
    """The tables are all that their source has: what they do not have any more is withdrawn."""
    yes: bool = False
    """Also when that is more than a tenth of it."""


def dial_prefixes(text: str) -> tuple[str, ...]:
    """Of an option: `9,98`. Raises Terminal."""
    found = tuple(one for part in text.split(",") if (one := part.strip()))
    if wrong := [one for one in found if re.fullmatch(r"[0-9*#]{1,6}", one) is None]:
        raise Terminal(f"--prefixes {wrong[0]!r}: digits that are dialled before a number, such as 9 or 9,98")
    return found


class PreparedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was recognised, and how it will be read."""

    path: Path
    source: Source
    recognised: Recognised
    context: Context
    zone_why: str


class PreparedTables(NamedTuple):
    """The tables of one file: prepared, ignored, failed."""

    prepared: list[PreparedFile]
    ignored: list[str]
    """Why other sheets of a workbook that holds a recognised one were passed over: a summary, say."""
    failed: list[str]
    """Why a file, or one in an archive, cannot be loaded."""


def prepare_all(path: Path, options: LoadOptions, settings: Settings) -> PreparedTables:
    """Recognise every table of a file, which mostly is one itself. Sends nothing."""
    tables = PreparedTables([], [], [])
    sheets: dict[Path, list[str]] = {}
    try:
        found = samples(path)
    except Terminal as error:
        return tables._replace(failed=[str(error)])
    if not found:
        return tables._replace(failed=[f"{path}: the workbook has no sheet with rows"])
    for sample in found:
        try:
            tables.prepared.append(prepare_sample(sample, options, settings))
        except Terminal as error:
            if sample.is_sheet:
                sheets.setdefault(sample.path.parent, []).append(str(error))
            else:
                tables.failed.append(str(error))
    read = {file.path.parent for file in tables.prepared}
    for workbook, messages in sheets.items():
        (tables.ignored if workbook in read else tables.failed).extend(messages)
    return tables


def prepare(path: Path, options: LoadOptions, settings: Settings) -> PreparedFile:
    """Recognise a table and decide how to read it. Raises Terminal; sends nothing."""
    return prepare_sample(Sample(path), options, settings)


def prepare_sample(sample: Sample, options: LoadOptions, settings: Settings) -> PreparedFile:
    """The same, of a table whose beginning may have been read already."""
    path = sample.path
    if options.profile not in ("auto", *PROFILES, *settings.mappings):
        known = ", ".join(("auto", *PROFILES, *settings.mappings))
        raise Terminal(f"--profile {options.profile}: there is none of this name; profiles and mappings: {known}")
    mapped = choose_mapped(sample, options.kind, options.profile, settings.region, settings.mappings)
    kind = mapped[1].kind if mapped else options.kind or "calls"
    name = options.source or (options.exchange if kind == "calls" else "crm")
    configured = settings.source(name)
    region = options.region or configured.region or settings.region
    source, recognised = mapped or choose(sample, kind, options.profile, region, configured.columns)
    zone_name = options.tz or configured.time_zone or ("" if kind == "calls" else settings.time_zone.key)
    if not zone_name and recognised.needs_zone:
        raise Terminal(
            f"{path}: {recognised.layout}: an export does not say its time zone: give --tz Europe/Moscow (say),"
            f' --tz auto for the offset that the data proves, or time_zone = "..." under [sources.{name}] in'
            " callfunnel.toml"
        )
    zone, why = source.zone(sample, recognised, None if zone_name in ("", "auto") else zone_of(zone_name, "--tz"))
    now = wall_clock()
    context = Context(
        source=name,
        import_id=f"{as_datetime(now):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        version=now,
        zone=zone,
        region=region,
        extension_pattern=configured.extensions,
        trunks=configured.trunks,
        prefixes=options.prefixes or configured.prefixes,
        ties=configured.ties,
        machines=configured.machines,
        stages=settings.stages,
        copies=settings.copies_of(name),
        loaded_at=as_datetime(now),
    )
    return PreparedFile(path=path, source=source, recognised=recognised, context=context, zone_why=why)
