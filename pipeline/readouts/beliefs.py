"""What was believed of a source's calls, beside what is usual for a sales department's exchange. Pure.

Nothing here changes a number: it shows where a guess may be wrong, and which setting decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

FEWEST_CALLS = 20
"""Fewer say nothing about what is usual."""


class CallTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the metric `explain_calls`."""

    calls: int
    inbound: int
    outbound: int
    internal: int
    unknown_direction: int
    answered: int
    machine: int
    numbers_read: int
    of_no_organisation: int
    of_no_manager: int
    legs: int
    first: int
    last: int

    @property
    def outside(self) -> int:
        """Calls with the outside: all but internal ones."""
        return self.calls - self.internal


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the metric `explain_parties`."""

    what: str
    name: str
    calls: int
    of_nobody: int
    first: int
    last: int
    names: int
    calls_of_all: int


class PeerBelief(msgspec.Struct, frozen=True):
    """What a peer of the exchange (`PJSIP/101`) was taken for."""

    name: str
    taken_for: str
    """phone, device, line, tie, machine."""
    rows: int
    """Of those of the file that were looked at."""
    why: str
    setting: str
    """What decides otherwise, under [sources.NAME]."""


class ImportPeers(msgspec.Struct, frozen=True):
    """A row of the metric `explain_peers`."""

    file: str
    peers: str


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the calls beside what is usual."""

    name: str
    count: float
    of: int
    share: float | None
    """None of no calls."""
    usual_from: float
    usual_to: float
    warning: str = ""
    """Why it is implausible, with the setting that decides; "" when it is not."""


class Beliefs(msgspec.Struct, frozen=True, kw_only=True):
    """What `callfunnel explain` shows. The field names are those of --json."""

    source: str
    totals: CallTotals
    shares: list[Share]
    phones: list[Party]
    of_nobody: list[Party]
    """Phones that had calls while they were no manager's; `first` and `last` are of those calls."""
    peers: list[PeerBelief]
    """As the latest loaded file that tells them has them, which is `peers_file`."""
    peers_file: str
    lines: list[Party]
    """Our own numbers."""
    machines: list[Party]
    not_understood: list[Party]
    strangers: list[Party]
    """Numbers of no organisation."""
    numbers_read: int
    numbers_hidden: int
    numbers_not_understood: int
    """These three together are the calls with the outside."""

    @property
    def warnings(self) -> list[str]:
        return [share.warning for share in self.shares if share.warning]


class _Measure(msgspec.Struct, frozen=True):
    name: str
    count: Callable[[CallTotals, int], float]
    of: Callable[[CallTotals], int]
    usual: tuple[float, float]
    implausible: tuple[float, float]
    """Below the first or above the second there is a warning."""
    advice: str


_ANY = 1e9
_MEASURES = (
    _Measure(
        "outbound",
        lambda totals, unread: totals.outbound,
        lambda totals: totals.outside,
        (0.2, 0.9),
        (0.02, 0.99),
        "if that is not so, lines to the outside were taken for phones, or phones for lines: `trunks` and `extensions`"
        " under [sources.{source}] say which are which",
    ),
    _Measure(
        "answered by a person",
        lambda totals, unread: totals.answered,
        lambda totals: totals.outside,
        (0.3, 0.95),
        (0.05, 0.995),
        "see with `callfunnel calls` who answered: a menu or voicemail may be taken for a person, or a person for a"
        " machine; `extensions` under [sources.{source}] says which numbers are people's",
    ),
    _Measure(
        "legs per call",
        lambda totals, unread: totals.legs,
        lambda totals: totals.calls,
        (1.0, 5.0),
        (0.0, 12.0),
        "calls of two exchanges may be taken for one: load each under a --source of its own",
    ),
    _Measure(
        "without direction",
        lambda totals, unread: totals.unknown_direction,
        lambda totals: totals.calls,
        (0.0, 0.02),
        (0.0, 0.1),
        "neither end is known to be inside: `extensions` and `trunks` under [sources.{source}] say which are",
    ),
    _Measure(
        "with a number that is not understood",
        lambda totals, unread: unread,
        lambda totals: totals.outside,
        (0.0, 0.01),
        (0.0, 0.05),
        "`region` under [sources.{source}] is the country of numbers that are written without one",
    ),
    _Measure(
        "of extensions without a manager",
        lambda totals, unread: totals.of_no_manager,
        lambda totals: totals.outside,
        (0.0, 0.2),
        (0.0, 0.5),
        "these calls count for nobody: load managers with their extensions, past ones with valid_from and valid_to",
    ),
    _Measure(
        "of no organisation",
        lambda totals, unread: totals.of_no_organisation,
        lambda totals: totals.numbers_read,
        (0.0, 0.6),
        (0.0, 0.95),
        "load organisations with their numbers; if they are loaded, `region` may be another country's",
    ),
)


def beliefs_of(
    source: str,
    totals: CallTotals,
    parties: Sequence[Party],
    is_hidden: Callable[[str], bool],
    peers: ImportPeers | None = None,
) -> Beliefs:
    """The whole, from the answers of the metrics. `is_hidden`: whether a number as written is a hidden one."""
    kinds: dict[str, list[Party]] = {}
    for party in parties:
        kinds.setdefault(party.what, []).append(party)
    unread = kinds.get("unread", [])
    hidden = sum(party.calls for party in unread if is_hidden(party.name))
    without_number = totals.outside - totals.numbers_read
    not_understood = without_number - hidden
    return Beliefs(
        source=source,
        totals=totals,
        shares=[_share(measure, source, totals, not_understood) for measure in _MEASURES],
        phones=kinds.get("phone", []),
        of_nobody=sorted(
            (party for party in kinds.get("phone", []) if party.of_nobody),
            key=lambda party: (-party.of_nobody, party.name),
        ),
        peers=msgspec.json.decode(peers.peers, type=list[PeerBelief]) if peers else [],
        peers_file=peers.file if peers else "",
        lines=kinds.get("line", []),
        machines=kinds.get("machine", []),
        not_understood=[party for party in unread if not is_hidden(party.name)],
        strangers=kinds.get("stranger", []),
        numbers_read=totals.numbers_read,
        numbers_hidden=hidden,
        numbers_not_understood=not_understood,
    )


def _share(measure: _Measure, source: str, totals: CallTotals, unread: int) -> Share:
    count, of = measure.count(totals, unread), measure.of(totals)
    share = count / of if of else None
    low, high = measure.implausible
    odd = share is not None and of >= FEWEST_CALLS and not low <= share <= high
    warning = ""
    if odd and share is not None:
        shown = f"{share:.1f}" if measure.name == "legs per call" else f"{100 * share:.1f} %"
        warning = f"{measure.name}: {shown} of {of:,} calls: {measure.advice.format(source=source)}"
    return Share(
        name=measure.name,
        count=count,
        of=of,
        share=share,
        usual_from=measure.usual[0],
        usual_to=measure.usual[1],
        warning=warning.replace(" of ", " in ", 1) if measure.name == "legs per call" else warning,
    )
