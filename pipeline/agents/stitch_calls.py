"""call-legs -> call_legs, placements, and the topic activities: legs become calls that are somebody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from pipeline.agents.claims import claims_of
from pipeline.agents.decider import Decider, Decision, Placements, VersionSum
from pipeline.agents.noted_calls import NoteLookup
from pipeline.agents.step import ChunkOutcome, Frame, lines_of, read_chunk
from pipeline.clock import Clock, wall_clock
from pipeline.copies import by_contact, near, originals
from pipeline.enrich import call_activity_id, enrich_call
from pipeline.merge_latest import Claims, merge_latest
from pipeline.stitch import stitch
from pipeline.store import newest, texts
from schemas.codec import Codec
from schemas.provenance import KINDS
from schemas.records import Activity, CallLeg
from schemas.topics import CALL_LEGS

CallKey = tuple[str, str]
"""(source, call_id)."""


class StitchCalls:
    """The step of the agent. Not shared between threads."""

    topic = CALL_LEGS

    def __init__(self, decider: Decider, clock: Clock = wall_clock) -> None:
        self._decider = decider
        self._clock = clock
        self._codec = Codec(CallLeg)
        self._legs = msgspec.json.Decoder(CallLeg)
        self._noted = NoteLookup(decider.store)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        legs, lines, rejected = read_chunk(self._codec, self.topic, frames, self._clock)
        if not legs:
            return ChunkOutcome(rejected)
        arrived: dict[CallKey, list[int]] = {}
        for number, leg in enumerate(legs):
            arrived.setdefault((leg.source, leg.call_id), []).append(number)
        where = _where(arrived)
        activity_ids = [call_activity_id(source, call_id) for source, call_id in arrived]
        decided = _Decided([], [])

        def decide(placements: Placements, log: int) -> Decision:
            nonlocal decided
            decided = _Decided([], [])
            return self._decide(legs, lines, arrived, self._known_legs(where), placements, log, decided)

        outgoing = self._decider.decide_until_stable("call_legs", _IDENTITY, activity_ids, where, decide)
        cause = cause_of(max(legs, key=_by_version))
        notes = {note.activity_id for note in decided.notes}
        calls = [one for one in activity_ids if one not in notes]
        return ChunkOutcome(rejected + outgoing + list(self._noted.again(decided.calls, calls, cause)))

    def _known_legs(self, where: str) -> dict[CallKey, list[CallLeg]]:
        known: dict[CallKey, list[CallLeg]] = {}
        for leg in self._decider.store.rows(self._legs, newest("call_legs", _IDENTITY, where)):
            known.setdefault((leg.source, leg.call_id), []).append(leg)
        return known

    def _decide(
        self,
        legs: list[CallLeg],
        lines: list[bytes],
        arrived: dict[CallKey, list[int]],
        known: dict[CallKey, list[CallLeg]],
        placements: Placements,
        log: int,
        decided: _Decided,
    ) -> Decision:
        directory = self._decider.directory.at(log)
        contacts = {leg.contact for leg in legs}
        self._decider.directory.know_phones(
            contacts.union(leg.contact for stored_legs in known.values() for leg in stored_legs)
        )
        claims = claims_of(self._decider.store, legs, (leg for stored_legs in known.values() for leg in stored_legs))
        now = self._clock()
        facts: list[bytes] = []
        versions: list[int] = []
        for key, numbers in arrived.items():
            first = legs[numbers[0]]
            if len(numbers) == 1 and key not in known and not first.retracted and not first.noted:
                # Half of all calls, and nothing to merge.
                facts.append(lines[numbers[0]])
                versions.append(first.version)
                activity = enrich_call(
                    stitch([first]), directory, cause=cause_of(first), caused_at=first.version, version=now
                )
                placements.put(activity)
                decided.calls.append(activity)
                continue
            arrived_legs = [legs[number] for number in numbers]
            new, all_legs = merge_legs(arrived_legs, known.get(key, ()), now, claims)
            facts += lines_of(new, arrived_legs, [lines[number] for number in numbers])
            versions += [leg.version for leg in all_legs]
            # The cause is a leg that changed something: it must not depend on what came in the same chunk.
            cause = max([arrived_legs[index] for index, _ in new] if new else arrived_legs, key=_by_version)
            # Legs that say nothing new were sent again because the directory changed: that is a cause of now, and so is
            # taking one back, whose version is behind what it takes back.
            caused_at = cause.version if new and not cause.cause else now
            current_legs = [leg for leg in all_legs if not leg.retracted]
            if current_legs:
                call = stitch(current_legs)
                activity = enrich_call(call, directory, cause=cause_of(cause), caused_at=caused_at, version=now)
                if any(leg.noted for leg in current_legs):
                    decided.notes.append(msgspec.structs.replace(activity, noted=1))
                    continue
                placements.put(activity)
                decided.calls.append(activity)
            else:
                activity_id = call_activity_id(cause.source, cause.call_id)
                placements.retract(activity_id, cause=cause_of(cause), caused_at=caused_at, version=now)
        return Decision(facts, VersionSum.of(versions), claims, self._put_notes(decided, arrived, placements))

    def _put_notes(self, decided: _Decided, chunk: Iterable[CallKey], placements: Placements) -> Callable[[], bool]:
        """Notes that are copies do not count; whether the calls near them are still those that it was decided on."""
        notes = decided.notes
        if not notes:
            return lambda: True
        ids = [call_activity_id(source, call_id) for source, call_id in chunk]
        stored = self._noted.calls_near(notes, ids)
        calls = by_contact([*stored, *map(near, decided.calls)])
        for note in notes:
            copies_of = originals(note, calls.get(note.contact, ()))
            placements.put(msgspec.structs.replace(note, copies_of=copies_of, retracted=int(bool(copies_of))))
        return lambda: self._noted.calls_near(notes, ids) == stored


class _Decided(NamedTuple):
    """Of one round: calls, which are put at once, and notes, which are put after them."""

    calls: list[Activity]
    notes: list[Activity]


_IDENTITY = ", ".join(KINDS[CallLeg].columns)


def cause_of(leg: CallLeg) -> str:
    """The import that changes something by this leg."""
    return leg.cause or leg.import_id


def _by_version(leg: CallLeg) -> int:
    return leg.version


def merge_legs(
    arrived: Sequence[CallLeg], known: Sequence[CallLeg], now: int, claims: Claims | None = None
) -> tuple[list[tuple[int, CallLeg]], list[CallLeg]]:
    """(legs that are new, with the indexes in `arrived` of what caused them; all legs of the call after it). Pure.

    A leg equal to the latest one is not new, whatever its version: loading a file twice stores nothing.
    Retracted legs are among them: they are stored, and do not count for the call.
    """
    if not known and (len(arrived) == 1 or len({leg.record_id for leg in arrived}) == len(arrived)):
        return list(enumerate(arrived)), list(arrived)  # the most frequent by far
    legs = {leg.record_id: leg for leg in known}
    new = merge_latest(arrived, legs, _record_id, _rank, claims, now=now)
    return list(new.values()), list(legs.values())


def _record_id(leg: CallLeg) -> str:
    return leg.record_id


def _rank(leg: CallLeg) -> tuple[object, ...]:
    """The longer talk first: of two rows written at once, the shorter one was written too early."""
    return (leg.billsec, leg.ended_at, leg.started_at, leg.disposition, leg.extension, leg.contact_raw, repr(leg))


def _where(keys: dict[CallKey, list[int]]) -> str:
    """The rows of call_legs of these calls; by source, so that the primary key prunes."""
    by_source: dict[str, list[str]] = {}
    for source, call_id in keys:
        by_source.setdefault(source, []).append(call_id)
    return " OR ".join(
        f"(source IN ({texts([source])}) AND call_id IN ({texts(call_ids)}))" for source, call_ids in by_source.items()
    )
