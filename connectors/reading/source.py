"""What every source of records is: something that recognises a file, and reads it into records and rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from connectors.reading.file_format import FileFormat
from connectors.reading.phones import e164
from schemas.pulling import Copies
from schemas.records import Record, Rejected
from schemas.stages import Stages

if TYPE_CHECKING:
    from connectors.reading.sample import Sample


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What settings say of a source's files that helps to tell what they are."""

    region: str = "RU"
    columns: tuple[str, ...] = ()
    """The order of the columns, where an administrator chose it and no header names it; () for the usual one."""


class About(NamedTuple):
    """What docs/connectors.md and refusals say of a source."""

    reads: str
    recognised_by: str
    ids: str
    zone: str
    proof: str
    """The fixtures and the counterpart that prove it."""
    unconfirmed: str = ""


class ListenerAbout(NamedTuple):
    """What docs/connectors.md says of a `callfunnel listen ...`. Paths are those of `tests/`."""

    name: str
    reads: str
    fixtures: str
    counterpart: str
    """What it was proved with."""
    unconfirmed: str = ""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a parser must be told, since no file says it. One per load of one file."""

    source: str
    """Name of the exchange (or CRM) the file came from: identities are unique within it."""
    import_id: str
    version: int
    """Clock of the load in nanoseconds: the version of each record that it reads."""
    zone: tzinfo | None
    """The exchange's zone. None asks for the offset that the data proves (`--tz auto`)."""
    region: str = "RU"
    """Default phone region (ISO 3166), for numbers written without a country."""
    extension_pattern: str = r"\d{2,5}"
    """Full-match regex of an inside extension; everything else that looks like a number is outside."""
    prefixes: tuple[str, ...] = ()
    """Digits that are dialled before a number outside to get a line: 9, 98."""
    trunks: tuple[str, ...] = ()
    """Peer names (as in PJSIP/<name>-0000) that are trunks although they look like extensions."""
    machines: tuple[str, ...] = ()
    """Numbers of groups, queues, menus, voicemail (full-match regexes): never a person."""
    ties: tuple[str, ...] = ()
    """Peer names of lines to a sister exchange: a call is counted where its phone is."""
    peers: Mapping[str, str] = {}
    """What earlier files of the source (or its table) showed of peers: `PJSIP/ivanova` -> phone, device, line, tie. For
    what is read event by event: a file tells it of itself.
    """
    stages: Stages
    stage_words: Mapping[str, str] = {}
    """What the source calls stages, where that is not ours -> our words."""
    copies: Copies = "match"
    """What is done with a CRM's notes of calls that an exchange had."""
    is_pulled: bool = False
    """The source is pulled as well: what an event only names is fetched, and what it leaves out is not made up."""
    loaded_at: datetime

    def e164(self, text: str) -> str:
        """A number outside as `phones.e164` reads it with this source's region and dial prefixes."""
        return e164(text, self.region, self.prefixes)

    def stage_of(self, title: str) -> str | None:
        """The code of a stage, from the source's word for it or ours; None when there is none."""
        return self.stages.find(self.stage_words.get(title, title))


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a file turned out to be, with the reasons, in words for `load --explain`."""

    profile: str
    kind: str
    """calls, or the kind of a table."""
    layout: str
    form: FileFormat = FileFormat("", "", "")
    """How it is written."""
    columns: tuple[str, ...]
    """What each column is, in order; "" for one that is not used."""
    head: tuple[str, ...] = ()
    """The text of the rows above the data. They are skipped, and stand above the rejected rows too."""
    date_order: str = "ymd"
    """ymd, dmy or mdy."""
    needs_zone: bool = True
    """False when times say their offset (epoch, Z), or the source knows it: then no `--tz` need be given."""
    reasons: tuple[str, ...]
    guesses: tuple[str, ...] = ()
    """What the file does not prove, and was taken for likely: reported after a load."""
    units: Mapping[str, str] = {}
    """What the numbers of columns of lengths count (`lengths.UNITS`), where these are not seconds."""
    fewest: int = 0
    """Cells that a row may have at least, where the last columns have no name; 0: as many as columns."""
    shows: Mapping[str, tuple[str, ...]] = {}
    """Settings of the source that the file shows (`prefixes`), and is read by."""
    evidence: object = None
    """What the source found in rows from all over the file, for itself: who is at the ends of its channels."""


BY_NAME = "it looks like an extension"
"""Why most phones are phones: nothing that somebody need look at."""


class Believed(NamedTuple):
    """What a peer or a number of a file was taken for, and what that rests on: for people, and for what asks them."""

    name: str
    taken_for: str
    """phone, device, line, tie, machine."""
    rows: int
    """Of the rows that were looked at: the first ones, and some from all over a large file."""
    why: str
    setting: str
    """What decides otherwise under [sources.NAME]: extensions, trunks, ties, machines."""


class Reading(Protocol):
    """A file being read: iterate for its records and rejects, look at the counters for progress.

    Every data row gives exactly one item. Blank lines and the header give none and are not in `rows`.
    """

    rows: int

    @property
    def bytes_read(self) -> int: ...

    @property
    def bytes_total(self) -> int: ...

    def __iter__(self) -> Iterator[Record | Rejected]: ...


class Source(Protocol):
    """One kind of file. Bad rows are values; only a file that cannot be read at all raises (`Terminal`)."""

    @property
    def profile(self) -> str:
        """Its name for `--profile`."""

    @property
    def about(self) -> About: ...

    @property
    def is_family(self) -> bool:
        """Whether it reads what a whole family of exchanges writes: one that is told more surely goes first."""

    def recognise(self, sample: Sample, hints: Hints) -> Recognised | None:
        """What this file is, from its beginning; None when it is not ours."""

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why; None asks for what the data proves. Raises Terminal."""

    def beliefs(self, recognised: Recognised, context: Context) -> tuple[Believed, ...]:
        """What the file's peers and numbers were taken for where it does not say so; the most frequent first."""

    def read(self, path: Path, recognised: Recognised, context: Context) -> Reading:
        """Open the file again, for its rows. `context.zone` is what `zone` gave: it is not held against the data here,
        and None asks for what the data proves."""
