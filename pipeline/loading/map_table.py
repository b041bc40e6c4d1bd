"""`callfunnel map`: what a table's columns are likely to be, how its rows would be read, and the mapping's place."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.mapped.kinds import KINDS
from connectors.mapped.propose import Proposed, TableSample, fitting_kinds
from connectors.mapped.table_sample import sample_table
from connectors.mapped.trial import Trial, propose_readable
from connectors.mapped.units import LENGTHS
from connectors.reading.lengths import UNITS
from connectors.reading.packed import label
from connectors.reading.parts import parts
from pipeline.loading.explain import explain
from pipeline.loading.prepare import LoadOptions, prepare
from pipeline.mapping_file import with_mapping
from pipeline.settings import Settings
from schemas.durable_files import write_whole
from schemas.errors import Terminal
from schemas.mapping import MappedKind
from schemas.mapping import Mapping as TableMapping

_EXAMPLES = 3


class MappingRequest(NamedTuple):
    """The options of the person beside the file."""

    kind: MappedKind | None
    name: str
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    units: Mapping[str, str] = {}
    """What the numbers of our columns of lengths count."""
    date_order: str = ""


class MappingProposal(NamedTuple):
    """A table, the mapping that is proposed, and its name."""

    path: Path
    look: TableSample
    proposed: Proposed
    kind: MappedKind
    name: str
    trial: Trial | None = None
    dropped: Sequence[str] = ()
    """Our columns that were left out, since what would be read as them is not."""


def map_table(file: Path, request: MappingRequest, region: str, settings: Settings) -> MappingProposal:
    """The first table of a file that can be mapped, with what is proposed. Raises Terminal naming what is missing."""
    error: Terminal | None = None
    for part in parts(file):
        try:
            return _mapped(part, request, region, settings)
        except Terminal as refusal:
            error = error or refusal
    raise error or Terminal(f"{file}: there is no table in it")


def _mapped(path: Path, request: MappingRequest, region: str, settings: Settings) -> MappingProposal:
    look = sample_table(path, region, settings.stages)
    kind = request.kind or _kind(path, look)
    if unknown := {*request.columns, *request.constants} - set(KINDS[kind].columns):
        known = ", ".join(KINDS[kind].columns)
        raise Terminal(f"{kind} have no column {', '.join(sorted(unknown))}; columns: {known}")
    if unknown := set(request.units) - set(LENGTHS):
        raise Terminal(f"--unit {', '.join(sorted(unknown))}: lengths are {', '.join(LENGTHS)}")
    try:
        proposed, trial, dropped = propose_readable(
            look, kind, request.columns, request.constants, request.units, request.date_order
        )
    except ValueError:
        raise Terminal(f"{path}: --column names a header that is not there: {', '.join(look.header)}") from None
    name = request.name or _name(path, kind)
    if not re.fullmatch(r"[\w-]+", name):
        raise Terminal(f"--name {name!r}: letters, digits, - and _")
    if proposed.mapping is not None and trial is not None and trial.units:
        # What was guessed is what a person looks over: it is written down.
        units = {**trial.units, **proposed.mapping.units}
        proposed = proposed._replace(mapping=msgspec.structs.replace(proposed.mapping, units=units))
    complete = _with_known_values(proposed, settings.mappings.get(name))
    return MappingProposal(path, look, complete, kind, name, trial, dropped)


def _with_known_values(proposed: Proposed, before: TableMapping | None) -> Proposed:
    """With the meanings of words that somebody wrote into this mapping before: they are not asked for twice."""
    mapping = proposed.mapping
    if mapping is None or before is None or before.kind != mapping.kind:
        return proposed
    values = {
        ours: mapping.values.get(ours, {}) | before.values.get(ours, {}) for ours in {**mapping.values, **before.values}
    }
    strange = {
        ours: left
        for ours, strange_words in proposed.strange.items()
        if (left := tuple(word for word in strange_words if word not in values.get(ours, {})))
    }
    return proposed._replace(mapping=msgspec.structs.replace(mapping, values=values), strange=strange)


def _kind(path: Path, look: TableSample) -> MappedKind:
    fits = [kind for kind in fitting_kinds(look) if _is_read(look, kind)]
    if len(fits) == 1:
        return fits[0]
    seen = f"its columns are {', '.join(look.header)}"
    if fits:
        raise Terminal(f"{path}: it may be {' or '.join(fits)}: say which with --kind; {seen}")
    raise Terminal(f"{path}: neither calls nor a table of the CRM by its header: say --kind; {seen}")


def _is_read(look: TableSample, kind: MappedKind) -> bool:
    """Whether rows would be read as this kind, but for words whose meaning somebody has yet to say."""
    proposed, trial, _ = propose_readable(look, kind, {}, {}, {}, "")
    if trial is None:
        return False
    unclear = sum(count for field, count in trial.rejected.items() if field in proposed.strange)
    return (trial.rejected.total() - unclear) * 2 <= trial.rows


def _name(path: Path, kind: str) -> str:
    """A name for a mapping: the file's without what changes from export to export, and the kind."""
    stem = re.sub(r"\d{2,}|[_.\s()-]+", "-", label(path).split(":")[-1].partition(".")[0])
    stem = re.sub("-+", "-", stem).strip("-")
    return f"{stem}-{kind}" if stem and kind not in stem else stem or kind


class Undecided(NamedTuple):
    """What a table does not prove, with what looks likely."""

    guesses: Sequence[str]
    units: Mapping[str, str]
    date_order: str


def undecided_of(mapped: MappingProposal) -> Undecided | None:
    """What is to be asked; None when nothing is."""
    guesses, trial = list(mapped.proposed.guesses), mapped.trial
    if mapped.proposed.mapping is None or trial is None or not (guesses or trial.guesses):
        return None
    order = mapped.proposed.mapping.date_order if guesses else ""
    return Undecided([*guesses, *trial.guesses], trial.units, order)


def known_units(units: Mapping[str, str]) -> Mapping[str, str]:
    """Of `--unit`. Raises Terminal."""
    if wrong := [unit for unit in units.values() if unit not in UNITS]:
        raise Terminal(f"--unit {wrong[0]!r}: one of {', '.join(UNITS)}")
    return units


def describe(mapped: MappingProposal) -> list[str]:
    """The proposal, for people: our column, theirs, and examples."""
    proposed, look = mapped.proposed, mapped.look
    lines = [f"{mapped.path}: {mapped.kind}, {len(look.header)} columns"]
    if proposed.mapping is not None:
        for ours, names in proposed.mapping.columns.items():
            listed = [names] if isinstance(names, str) else names
            seen = [_examples(look, name) for name in listed]
            lines.append(f"  {ours:16} {' + '.join(listed)}   e.g. {' + '.join(seen)}")
        lines += [f"  {ours:16} always {text!r}" for ours, text in proposed.mapping.constants.items()]
        for ours, known in proposed.mapping.values.items():
            lines += [f"  {ours:16} {word!r} means {code}" for word, code in known.items()]
    for ours in mapped.dropped:
        lines.append(f"  {ours:16} left out: what stands there cannot be read as it")
    if mapped.trial is not None and not mapped.trial.is_good:
        count, rows = mapped.trial.rejected.total(), mapped.trial.rows
        lines.append(
            f"  {count} of {rows} rows would be rejected ({mapped.trial.example}): name other columns with --column"
        )
    lines += [
        f"  taken for likely: {guess}" for guess in (*proposed.guesses, *(mapped.trial.guesses if mapped.trial else ()))
    ]
    if proposed.unused:
        lines.append(f"  not read: {', '.join(proposed.unused)}")
    known_by = "id" if mapped.kind == "organisations" else "organisation_id"
    if proposed.mapping is not None and known_by in proposed.mapping.columns:
        theirs = proposed.mapping.columns[known_by]
        lines.append(f"  an organisation is known by {theirs!r}: other tables must mean the same by it")
    for ours, unknown in proposed.strange.items():
        lines.append(
            f"  {ours}: rows with {', '.join(map(repr, unknown))} are rejected until the mapping's values say more"
        )
    return lines


def lacking(mapped: MappingProposal) -> Terminal:
    """Why nothing can be written."""
    missing = mapped.proposed.missing
    first = missing[0].partition(" or ")[0]
    theirs = (*mapped.proposed.unused, "THEIRS")[0]
    return Terminal(
        f"{mapped.path}: {mapped.kind} need {', '.join(missing)}: say --column '{first}={theirs}' (or whichever it is),"
        f" or --constant '{first}=VALUE';"
        f" its columns are {', '.join(mapped.look.header)}"
    )


def _examples(look: TableSample, name: str) -> str:
    position = list(look.header).index(name)
    seen = dict.fromkeys(cell for row in look.rows if position < len(row) and (cell := row[position].strip()))
    return " | ".join(one[:30] for one in list(seen)[:_EXAMPLES]) or "(empty)"


def preview(mapped: MappingProposal, options: LoadOptions, settings: Settings, show: Callable[[str], None]) -> None:
    """The first rows as they would be read. Without a zone, those of calls in the reporting one, with a note."""
    mapping = mapped.proposed.mapping
    assert mapping is not None
    with_it = msgspec.structs.replace(settings, mappings={mapped.name: mapping})
    zone = options.tz or settings.source(options.source or options.exchange).time_zone
    tz = zone or settings.time_zone.key
    load_options = msgspec.structs.replace(options, kind=mapped.kind, profile=mapped.name, tz=tz)
    file = prepare(mapped.path, load_options, with_it)
    explain(file, show)
    if mapped.kind == "calls" and file.recognised.needs_zone and not zone:
        show(f"  shown as if its times were in {tz}: `callfunnel load` asks for --tz")


def keep(path: Path, mapped: MappingProposal) -> None:
    """Put the mapping into the settings' file, whole or not at all. Raises Terminal."""
    mapping, unknown = mapped.proposed.mapping, mapped.proposed.strange
    assert mapping is not None
    try:
        before = path.read_bytes() if path.exists() else b""
        text = with_mapping(before.decode("utf-8-sig"), mapped.name, mapping, unknown)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
        write_whole(path, mark + text.encode(), mode=mode)
    except OSError as error:
        raise Terminal(f"{path}: {error.strerror}: the mapping is not written") from None


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """`ours=theirs` of an option that may be repeated. Raises Terminal."""
    if wrong := [one for one in texts if "=" not in one]:
        raise Terminal(f"{option} {wrong[0]!r}: as OURS=THEIRS, such as start=Дата")
    return dict(one.split("=", 1) for one in texts)
