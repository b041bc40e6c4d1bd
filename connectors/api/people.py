"""Users of a cloud exchange to managers, with the extensions and the mobiles that its calls name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.api.adapter import PulledPage, PulledRow, PullOptions, manager_of, manager_since
from connectors.api.survey import VendorUser
from connectors.reading.source import Context
from schemas.records import Manager

_Key = tuple[str, datetime]
"""(manager, since when their row holds): what tells a row of a manager from another."""


def managers_page(users: Sequence[VendorUser], kind: str, context: Context, options: PullOptions) -> PulledPage:
    """Managers of every user whom calls may name; several users may be one manager, by the settings.

    What several managers have is nobody's, and is told. What other settings made of these users is taken back.
    """
    groups = _groups(users, options.managers)
    mobiles = {key: _mobiles(some, context) for key, some in groups.items()}
    extensions = {key: _extensions(some) for key, some in groups.items()}
    owners = Counter(one for found in (mobiles, extensions) for some in found.values() for one in some)
    rows = [
        _row(
            Manager(
                manager_id=key[0],
                name=some[0].name or key[0],
                team=next((user.team for user in some if user.team), ""),
                # Of this source alone: another exchange has its own 101.
                extensions=[f"{one}@{context.source}" for one in extensions[key] if owners[one] == 1],
                mobiles=[one for one in mobiles[key] if owners[one] == 1],
                valid_from=key[1],
                import_id=context.import_id,
                origin=f"{kind}:user:{some[0].user_id}",
                version=context.version,
            )
        )
        for key, some in groups.items()
    ]
    before = {} if options.before is None else _groups(users, options.before.managers)
    rows += [
        _row(
            Manager(
                manager_id=key[0],
                name=key[0],
                extensions=[],
                valid_from=key[1],
                import_id=context.import_id,
                origin=f"{kind}:user:{some[0].user_id}",
                version=context.version,
                retracted=1,
            )
        )
        for key, some in before.items()
        if key not in groups
    ]
    shared = sorted(one for one, count in owners.items() if count > 1)
    note = f"users: numbers that several users have are not used: {', '.join(shared[:10])}"
    return PulledPage(tuple(rows), "", True, notes=(note,) if shared else ())


def _groups(users: Sequence[VendorUser], managers: Mapping[str, str]) -> dict[_Key, list[VendorUser]]:
    """Users whom calls may name, by the manager that they are."""
    found: dict[_Key, list[VendorUser]] = {}
    for user in users:
        manager_id = manager_of(user.user_id, managers)
        if manager_id and user.is_active and user.extensions:
            found.setdefault((manager_id, manager_since(user.user_id, managers)), []).append(user)
    return found


def _row(manager: Manager) -> PulledRow:
    name = f"{manager.manager_id} {manager.valid_from.isoformat()}"
    return PulledRow(0, None, (manager,), name)


def _extensions(users: Sequence[VendorUser]) -> list[str]:
    return list(dict.fromkeys(one for user in users for one in user.extensions))


def _mobiles(users: Sequence[VendorUser], context: Context) -> list[str]:
    found = (context.e164(user.mobile) for user in users if user.mobile)
    return list(dict.fromkeys(filter(None, found)))
