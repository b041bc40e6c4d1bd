"""Which of our stages a vendor's stage is: by its kind, its words, its place in the pipeline. Pure; a proposal only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from connectors.api.survey import StageKind, VendorStage, VendorUser
from schemas.stages import Stages

_WORDS = {
    "new": ("нов", "неразобр", "вход", "первичн", "заявк", "new", "incoming", "lead"),
    "active": ("в работ", "взят", "контакт", "квалиф", "подготов", "актив", "contact", "qualif", "prepar", "active"),
    "development": (
        *(
            "предложен",
            "кп",
            "переговор",
            "согласов",
            "предоплат",
            "договор",
            "счет",
            "счёт",
            "разработ",
            "презент",
            "демо",
        ),
        *("proposal", "quote", "negotiat", "contract", "invoice", "demo", "development"),
    ),
    "shipment": ("отгруз", "оплач", "внедр", "исполнен", "достав", "монтаж", "ship", "deliver", "paid", "execut"),
    "customer": ("клиент", "заказчик", "постоянн", "успеш", "customer", "won"),
}
"""Stems of titles in Russian and English, for the default stages; a configured stage is found by its own titles."""
_SENT = (
    "кп отправ",
    "отправлено кп",
    "отправили кп",
    "предложение отправ",
    "отправлено предлож",
    "proposal sent",
    "quote sent",
)


class StageProposal(msgspec.Struct, frozen=True):
    """What a vendor's stage is proposed to be, and why."""

    stage: VendorStage
    code: str
    """Of ours; "" when nothing fits."""
    why: str


def propose_stages(found: Sequence[VendorStage], stages: Stages, known: Mapping[str, str]) -> list[StageProposal]:
    """A proposal for each, in order. What settings say already (`known`) stays."""
    proposals: list[StageProposal] = []
    for _, one in groupby(found, key=lambda stage: stage.key.partition("/")[0]):
        proposals += _pipeline(list(one), stages, known)
    return proposals


def general_stages(found: Sequence[VendorStage]) -> tuple[str, ...]:
    """Stages whose title says that a proposal was sent."""
    return tuple(stage.key for stage in found if any(part in stage.title.casefold() for part in _SENT))


def propose_managers(users: Sequence[VendorUser], known: Mapping[str, str]) -> dict[str, str]:
    """User -> the manager (`known`: id -> name) of the same name, whatever the order of its parts, where one has it."""
    by_name: dict[frozenset[str], list[str]] = {}
    for manager_id, name in known.items():
        by_name.setdefault(_parts(name), []).append(manager_id)
    found: dict[str, list[str]] = {}
    for user in users:
        managers = by_name.get(_parts(user.name), []) if user.name.strip() else []
        if len(managers) == 1:
            found.setdefault(managers[0], []).append(user.user_id)
    return {some[0]: manager_id for manager_id, some in found.items() if len(some) == 1 and some[0] != manager_id}


def _parts(name: str) -> frozenset[str]:
    return frozenset(name.casefold().replace("ё", "е").split())


def _pipeline(found: Sequence[VendorStage], stages: Stages, known: Mapping[str, str]) -> list[StageProposal]:
    funnel, lost = stages.funnel, stages.terminal
    order = {code: number for number, code in enumerate(funnel)}
    open_stages = [stage for stage in found if stage.kind is StageKind.OPEN]
    reached, number = 0, 0
    proposals: list[StageProposal] = []
    for stage in found:
        if (code := _known(stage, stages, known)) is not None:
            proposals.append(StageProposal(stage, code, "as it is in callfunnel.toml"))
            reached = max(reached, order.get(code, 0)) if stage.kind is StageKind.OPEN else reached
        elif stage.kind is StageKind.WON:
            proposals.append(StageProposal(stage, funnel[-1] if funnel else "", "a deal that was won"))
        elif stage.kind is StageKind.LOST:
            why = "a deal that was lost" if lost else "a deal that was lost: no stage of ours is terminal"
            proposals.append(StageProposal(stage, lost[0] if lost else "", why))
        else:
            code, why = _by_title(stage.title, stages)
            if not code or code not in order:
                # Evenly over the stages before the last one, which is what a won deal is.
                code = funnel[number * max(1, len(funnel) - 1) // len(open_stages)] if funnel else ""
                why = f"by its place, {number + 1} of {len(open_stages)}"
            if code and order[code] < reached:
                code, why = funnel[reached], "not before the stage above it"
            reached = max(reached, order.get(code, 0))
            proposals.append(StageProposal(stage, code, why))
        number += stage.kind is StageKind.OPEN
    return proposals


def _known(stage: VendorStage, stages: Stages, known: Mapping[str, str]) -> str | None:
    written = known.get(stage.key) or known.get(stage.key.partition("/")[2])
    return stages.find(written) if written else None


def _by_title(title: str, stages: Stages) -> tuple[str, str]:
    """(code, why) by our own titles, else by what such stages are usually called; ("", "") when neither fits."""
    if code := stages.find(title):
        return code, "by its title"
    bare = title.casefold()
    for code in reversed(stages.funnel):  # the later word of a title weighs more: "new, proposal sent"
        if any(stem in bare for stem in _WORDS.get(code, ())):
            return code, "by its words"
    return "", ""
