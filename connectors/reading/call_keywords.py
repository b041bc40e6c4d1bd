"""Words for what a call was, in Russian and English tables: its direction and its end. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from connectors.reading.rejects import Misread
from schemas.records import Direction, Disposition, Reason

DIRECTIONS: dict[str, Direction] = {
    **dict.fromkeys(("in", "inbound", "incoming", "вх", "вход", "входящий", "входящие", "входящая"), Direction.INBOUND),
    **dict.fromkeys(("входящийзвонок", "incomingcall", "inboundcall", "received"), Direction.INBOUND),
    **dict.fromkeys(("out", "outbound", "outgoing", "исх", "исход", "исходящий"), Direction.OUTBOUND),
    **dict.fromkeys(("исходящие", "исходящая", "исходящийзвонок", "outgoingcall", "outboundcall"), Direction.OUTBOUND),
    **dict.fromkeys(("internal", "inside", "local", "внутренний", "внутренние", "внутренняя"), Direction.INTERNAL),
}
MISSED = frozenset({"missed", "missedcall", "пропущенный", "пропущенные", "пропущен", "пропущенныйзвонок"})
"""A direction in some tables: inbound, and nobody took it."""
DISPOSITIONS: dict[str, Disposition] = {
    **dict.fromkeys(("answered", "answer", "accepted", "connected", "success", "successful"), Disposition.ANSWERED),
    **dict.fromkeys(("completed", "callconnected", "ok", "да", "yes", "true", "talk"), Disposition.ANSWERED),
    **dict.fromkeys(("отвечен", "отвеченный", "отвеченные", "отвечено", "принят", "принятый"), Disposition.ANSWERED),
    **dict.fromkeys(("успешный", "успешно", "состоялся", "состоявшийся", "разговор"), Disposition.ANSWERED),
    **dict.fromkeys(("соединен", "дозвон", "завершен", "завершён", "ответ"), Disposition.ANSWERED),
    **dict.fromkeys(("noanswer", "notanswered", "unanswered", "missed", "lost", "abandoned"), Disposition.NO_ANSWER),
    **dict.fromkeys(("redirected", "переадресован"), Disposition.NO_ANSWER),  # not there: its next row says by whom
    **dict.fromkeys(("no", "false", "нет", "неотвечен", "неотвеченный", "неотвечено"), Disposition.NO_ANSWER),
    **dict.fromkeys(("нетответа", "безответа", "пропущен", "пропущенный", "потерян"), Disposition.NO_ANSWER),
    **dict.fromkeys(("неуспешный", "недозвон", "непринят", "непринятый", "потерянный"), Disposition.NO_ANSWER),
    **dict.fromkeys(("busy", "занято", "занят", "linebusy"), Disposition.BUSY),
    **dict.fromkeys(("failed", "fail", "error", "congestion", "unavailable", "rejected"), Disposition.FAILED),
    **dict.fromkeys(("callfailed", "ошибка", "недоступен", "отклонен", "отклонён", "сбой"), Disposition.FAILED),
    **dict.fromkeys(("cancel", "cancelled", "canceled", "hangup", "отменен", "отменён"), Disposition.CANCELLED),
    **dict.fromkeys(("отмена", "отмененный", "отменённый", "сброшен"), Disposition.CANCELLED),
    **dict.fromkeys(("voicemail", "machine", "ivr", "автоответчик", "голосоваяпочта"), Disposition.MACHINE),
}
_NOISE = re.compile(r"[\s_.\-–—()/]+")


def bare(word: str) -> str:
    """A word without its case, spaces and marks."""
    return _NOISE.sub("", word).casefold()


def direction(word: str, field: str) -> tuple[Direction, bool]:
    """(direction, whether the word says that nobody took the call). Raises Misread for an unknown word."""
    if (known := _direction(word)) is not None:
        return known
    raise Misread(Reason.BAD_KIND, field, f"{word[:40]!r} is not a direction: in, out, internal, missed, входящий, ...")


@lru_cache(maxsize=1_000)
def _direction(word: str) -> tuple[Direction, bool] | None:
    keyword = bare(word)
    if keyword in MISSED:
        return Direction.INBOUND, True
    return (DIRECTIONS[keyword], False) if keyword in DIRECTIONS else None


@lru_cache(maxsize=1_000)
def _disposition(word: str) -> Disposition | None:
    return DISPOSITIONS.get(bare(word))


def disposition(word: str, field: str) -> Disposition:
    """What became of a call. Raises Misread for an unknown word."""
    outcome = _disposition(word)
    if outcome is None:
        raise Misread(Reason.BAD_STATUS, field, f"{word[:40]!r}: answered, no answer, busy, failed, отвечен, ...?")
    return outcome
