"""`callfunnel explain`."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import click
import msgspec

from pipeline.drawing.terminal.beliefs_text import describe
from pipeline.loading.read_beliefs import read_beliefs
from pipeline.readouts.beliefs import Beliefs, Party, PeerBelief
from pipeline.settings import read_settings
from pipeline.terminal.options import Day, hides_numbers, output, show_numbers
from pipeline.terminal.stack_choice import read_from
from schemas.errors import Terminal
from schemas.mask import mask, mask_text


@click.command("explain")
@click.argument("source")
@click.option("--from", "first", type=Day(), default=None, help="First day. [default: all there is]")
@click.option("--to", "last", type=Day(), default=None, help="First day not included.")
@show_numbers
@output
def command(
    source: str, first: date | None, last: date | None, shows_numbers: bool, as_json: bool, data: Path | None
) -> None:
    """What was believed of a source's calls: phones, lines, machines, numbers; each share beside what is usual.

    Extensions without a manager, numbers that are not understood or of no organisation, and a warning, with the setting
    that decides, for what is not plausible. `callfunnel imports` lists the sources.

    Exit codes: 0 nothing is odd; 1 there are warnings; 2 it could not be done.
    """
    settings = read_settings()
    zone = settings.time_zone
    start = datetime.combine(first or date(1971, 1, 1), time(), zone)
    end = datetime.combine(last or date(2100, 1, 1), time(), zone)
    hidden = hides_numbers(settings, shows_numbers, data)
    beliefs = read_beliefs(source, start, end, read_from(data))
    if not beliefs.totals.calls:
        raise Terminal(f"{source}: no calls of this source in this time; `callfunnel imports` lists the sources")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_masked(beliefs) if hidden else beliefs), indent=2))
    else:
        for line in describe(beliefs, zone, hides_numbers=hidden):
            click.echo(line)
    raise SystemExit(1 if beliefs.warnings else 0)


def _masked(beliefs: Beliefs) -> Beliefs:
    def renamed(parties: list[Party], texts: bool) -> list[Party]:
        hide = mask_text if texts else mask
        return [msgspec.structs.replace(party, name=hide(party.name)) for party in parties]

    return msgspec.structs.replace(
        beliefs,
        peers=[_hidden(peer) for peer in beliefs.peers],
        peers_file=mask_text(beliefs.peers_file),
        lines=renamed(beliefs.lines, True),
        not_understood=renamed(beliefs.not_understood, True),
        strangers=renamed(beliefs.strangers, False),
    )


def _hidden(peer: PeerBelief) -> PeerBelief:
    return msgspec.structs.replace(peer, name=mask_text(peer.name), why=mask_text(peer.why))
