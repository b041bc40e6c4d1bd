"""What was believed of a source, as lines for a terminal: whole, and short for after a load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.readouts.beliefs import Beliefs, Party, Share
from schemas.mask import mask, mask_text

_SHORT, _LONG = 3, 12

Mask = Callable[[str], str]


def describe(beliefs: Beliefs, zone: ZoneInfo, *, hides_numbers: bool) -> list[str]:
    """Everything. `hides_numbers`: telephone numbers are masked."""
    totals = beliefs.totals
    if not totals.calls:
        return [f"{beliefs.source}: no calls in this time"]
    between = f"{_moment(totals.first, zone)} to {_moment(totals.last, zone)} {zone.key}"
    lines = [
        f"{beliefs.source}: {totals.calls:,} calls, {between}",
        f"  {totals.inbound:,} inbound, {totals.outbound:,} outbound, {totals.internal:,} internal,"
        f" {totals.unknown_direction:,} without direction",
        f"  numbers of {totals.outside:,} calls with the outside: {_numbers(beliefs)}",
        *(_share_line(share) for share in beliefs.shares),
    ]
    number: Mask = mask if hides_numbers else str
    text: Mask = mask_text if hides_numbers else str
    if beliefs.peers:
        lines.append(f"  peers of {text(beliefs.peers_file)}, by the rows of it that were looked at:")
        lines += [
            f"    {text(peer.name)}: {peer.taken_for}, {peer.rows:,} rows: {text(peer.why)} (`{peer.setting}` decides)"
            for peer in beliefs.peers[:_LONG]
        ]
        if len(beliefs.peers) > _LONG:
            lines.append(f"    and {len(beliefs.peers) - _LONG} more: --json lists them")
    for title, parties, shown in (
        ("taken for phones of people", beliefs.phones, str),
        ("taken for our own numbers (lines)", beliefs.lines, text),
        ("taken for machines", beliefs.machines, str),
        ("not understood as numbers", beliefs.not_understood, text),
        ("of no organisation", beliefs.strangers, number),
    ):
        lines += _listed(title, parties, shown, _LONG)
    if beliefs.of_nobody:
        lines.append("  extensions without a manager, with the time of these calls:")
        lines += [
            f"    {party.name}: {party.of_nobody:,} of {party.calls:,} calls,"
            f" {_day(party.first, zone)} to {_day(party.last, zone)}"
            for party in beliefs.of_nobody[:_LONG]
        ]
        if len(beliefs.of_nobody) > _LONG:
            lines.append(f"    and {len(beliefs.of_nobody) - _LONG} more: --json lists them")
    return [*lines, *(f"  warning: {warning}" for warning in beliefs.warnings)]


def short(beliefs: Beliefs, *, hides_numbers: bool) -> list[str]:
    """A few lines for after a load, which shows the warnings itself."""
    totals = beliefs.totals
    if not totals.calls:
        return []
    text: Mask = mask_text if hides_numbers else str
    line = (
        f"  believed of {beliefs.source} in this time: {_percent(totals.outbound, totals.outside)} outbound,"
        f" {_percent(totals.answered, totals.outside)} answered by a person; {_count(beliefs.phones)} phones"
        f" ({_names(beliefs.phones, str)}), {_count(beliefs.machines)} kinds of machines"
        f" ({_names(beliefs.machines, str)})"
    )
    lines = [line, f"  numbers: {_numbers(beliefs)}"]
    if beliefs.peers:
        kinds = Counter(peer.taken_for for peer in beliefs.peers)
        examples = {peer.taken_for: peer.name for peer in reversed(beliefs.peers)}
        taken = ", ".join(f"{count} for {kind}s ({text(examples[kind])} ...)" for kind, count in kinds.most_common())
        lines.append(f"  peers were taken: {taken}")
    if beliefs.not_understood:
        lines.append(f"  not understood: {_names(beliefs.not_understood, text)}")
    if beliefs.of_nobody:
        lines.append(f"  extensions without a manager: {_names(beliefs.of_nobody, str, of_nobody=True)}")
    return [*lines, f"  more: `callfunnel explain {beliefs.source}`"]


def _numbers(beliefs: Beliefs) -> str:
    return (
        f"{beliefs.numbers_read:,} understood, {beliefs.numbers_hidden:,} hidden or none,"
        f" {beliefs.numbers_not_understood:,} not understood"
    )


def _share_line(share: Share) -> str:
    if share.name == "legs per call":
        value = "-" if share.share is None else f"{share.share:.2f}"
        return f"  {share.name}: {value} (usual: {share.usual_from:.0f} to {share.usual_to:.0f})"
    usual = f"{100 * share.usual_from:.0f} to {100 * share.usual_to:.0f} %"
    return f"  {share.name}: {share.count:,.0f}, {_percent(share.count, share.of)} (usual: {usual})"


def _listed(title: str, parties: Sequence[Party], shown: Mask, most: int) -> list[str]:
    if not parties:
        return [f"  {title}: nothing"]
    more = f", and {_count(parties) - most:,} more" if _count(parties) > most else ""
    listed = ", ".join(f"{shown(party.name) or '(empty)'} {party.calls:,}" for party in parties[:most])
    return [f"  {title}: {_count(parties):,} with {parties[0].calls_of_all:,} calls: {listed}{more}"]


def _names(parties: Sequence[Party], shown: Mask, *, of_nobody: bool = False) -> str:
    listed = [
        f"{shown(party.name) or '(empty)'} {party.of_nobody if of_nobody else party.calls:,}"
        for party in parties[:_SHORT]
    ]
    return ", ".join([*listed, *(["..."] if len(parties) > _SHORT else [])]) or "-"


def _count(parties: Sequence[Party]) -> int:
    return parties[0].names if parties else 0


def _percent(count: float, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "-"


def _moment(at: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M}"


def _day(at: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}"
