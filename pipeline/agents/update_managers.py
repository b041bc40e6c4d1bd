"""managers -> managers: who owned an extension, and when. Two owners at one time are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pipeline.agents.step import Outgoing, outgoing_reject
from pipeline.agents.update_directory import UpdateDirectory
from pipeline.clock import as_datetime
from pipeline.directory import keys_of
from pipeline.store import texts
from schemas.codec import encode
from schemas.records import Manager, Reason, Rejected
from schemas.topics import MANAGERS


class UpdateManagers(UpdateDirectory[Manager]):
    """A manager changes the calls of the extensions, past and present. One partition, so all are seen in one order."""

    topic = MANAGERS

    def identity(self, record: Manager) -> str:
        return f"{record.manager_id}\x1f{record.valid_from.isoformat()}"

    def known(self, records: Sequence[Manager]) -> dict[str, Manager]:
        return {self.identity(row): row for row in self.newest(Manager)}

    def refuse(self, todo: dict[str, Manager], known: dict[str, Manager]) -> tuple[dict[str, Manager], list[Outgoing]]:
        stored = {identity: row for identity, row in known.items() if identity not in todo and not row.retracted}
        accepted: dict[str, Manager] = {}
        refused = []
        for identity, manager in sorted(todo.items(), key=lambda item: (item[1].valid_from, item[0])):
            others = [other for other in (*stored.values(), *accepted.values()) if not other.retracted]
            clash = None if manager.retracted else first_clash(manager, others)
            if clash is None:
                accepted[identity] = manager
            else:
                refused.append(outgoing_reject(self._reject(manager, *clash)))
                if identity in known:
                    stored[identity] = known[identity]
        return accepted, refused + self._resolved(accepted)

    def _resolved(self, accepted: dict[str, Manager]) -> list[Outgoing]:
        """The rejections of rows that are accepted now."""
        if not accepted:
            return []
        ids = texts(map(reject_id, accepted))
        sql = f"SELECT * FROM rejected FINAL WHERE rejected_id IN ({ids}) AND resolved = 0"
        now = self.clock()
        return [
            outgoing_reject(msgspec.structs.replace(row, resolved=1, version=max(now, row.version + 1)))
            for row in self.store.rows(msgspec.json.Decoder(Rejected), sql)
        ]

    def touched(self, records: Sequence[Manager]) -> str:
        # As `Managers` looks for them: in any case, with a tenant or without; queues may know a member by name.
        own = {
            key.partition("@")[0] for record in records for key in (*keys_of(record), record.name.strip().casefold())
        }
        extensions = texts(own - {""})
        is_own = f"lowerUTF8(splitByChar('@', extension)[1]) IN ({extensions})"
        if mobiles := {mobile for record in records for mobile in record.mobiles}:
            # Until now they may have been of whoever forwards to them.
            took = f"SELECT concat('call:', source, ':', call_id) FROM call_legs WHERE extension IN ({texts(mobiles)})"
            is_own += f" OR activity_id IN ({took})"
        return f"{is_own} OR manager_id IN ({texts({r.manager_id for r in records})})"

    def touched_proposals(self, records: Sequence[Manager]) -> str:
        return f"manager_id IN ({texts({record.manager_id for record in records})})"

    def _reject(self, manager: Manager, extension: str, owner: Manager) -> Rejected:
        now = self.clock()
        return Rejected(
            rejected_id=reject_id(self.identity(manager)),
            source="",
            reason=Reason.OVERLAPPING_EXTENSION,
            field="extensions",
            detail=(
                f"{_what(extension)} {extension} of {manager.manager_id} ({_period(manager)}) belongs to"
                f" {owner.manager_id} ({_period(owner)}): load {owner.manager_id} with valid_to first, then this row"
                " again"
            ),
            payload=encode(manager).decode(),
            origin=manager.origin,
            topic=MANAGERS.name,
            at=as_datetime(now),
            import_id=manager.import_id,
            version=now,
        )


def reject_id(identity: str) -> str:
    return f"manager:{identity}"


def first_clash(manager: Manager, others: Iterable[Manager]) -> tuple[str, Manager] | None:
    """What somebody else owns at an overlapping time, and who; None when there is none. Pure."""
    own = keys_of(manager)
    for other in others:
        if other.manager_id == manager.manager_id or not _overlap(manager, other):
            continue
        if shared := own & keys_of(other):
            return min(shared), other
    return None


def _overlap(one: Manager, other: Manager) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


def _what(own: str) -> str:
    return "mobile" if own.startswith("+") else "extension" if own.partition("@")[0].isdecimal() else "login"


def _period(manager: Manager) -> str:
    return f"{manager.valid_from:%Y-%m-%d} to {f'{manager.valid_to:%Y-%m-%d}' if manager.valid_to else 'now'}"
