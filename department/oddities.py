"""What real exchanges do besides the usual (`--oddities`): it changes how a call is recorded, sometimes whose it is.

The truth is counted from the calls as they are afterwards. Nothing is drawn where it is not asked for, so a department
without oddities is the same as before there were any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from random import Random

from department.calls import Path, SimulatedCall, Way
from department.shift import CONVERSATION_S, PhoneSystem


class Oddity(StrEnum):
    """How a call is odd."""

    PARKED = "parked"
    """Handed over by a parking place."""
    PICKED_UP = "picked up"
    """A colleague picked up what rang at another desk."""
    DROPPED = "dropped"
    """Picked up and dropped within the second: answered, no talk."""
    PREFIX = "prefix"
    """Dialled with a 9 in front, which the exchange takes off."""
    HASH = "hash"
    """Dialled with a `#` behind it."""
    DEVICE = "device"
    """The person's second device, 99101, which calls under the person's extension."""
    CLICK = "click"
    """Ordered by a program: the phone's record holds the ringing, the line's own record says when it was answered."""
    BOX = "box"
    """Sent on to a colleague's phone, and from there to the voicemail."""
    APPLICATION = "application"
    """Recorded under an application that says nothing of what it did."""


_SHARE, _OF_RARE = 0.25, 0.8
"""Of the calls that could be odd; of those that could be in a way that few calls can."""
_RARE = frozenset({Oddity.PARKED, Oddity.DROPPED, Oddity.BOX})


def plant(calls: Iterable[SimulatedCall], floor: PhoneSystem, dice: Random, *, has_prefix: bool) -> None:
    """Make some calls odd, each by one of what it can be."""
    for call in calls:
        kinds = [kind for kind, can in _CAN.items() if can(call)]
        if not has_prefix and Oddity.PREFIX in kinds:
            kinds.remove(Oddity.PREFIX)
        rare = [kind for kind in kinds if kind in _RARE]
        if not kinds or dice.random() > (_OF_RARE if rare else _SHARE):
            continue
        kinds = rare or kinds
        call.oddity = kind = kinds[int(dice.random() * len(kinds))]
        if kind is Oddity.DROPPED:
            call.end = call.picked
        elif kind is Oddity.PICKED_UP:
            _pick_up(call, floor, dice)


def _pick_up(call: SimulatedCall, floor: PhoneSystem, dice: Random) -> None:
    """A colleague's; nobody's oddity where nobody else is there."""
    assert call.manager is not None
    colleague = floor.colleague(dice, call.manager)
    if colleague is None or colleague is call.manager:
        call.oddity = None
        return
    call.rang = (call.extension,)
    call.manager, call.extension = colleague, colleague.extensions[0]


def _is_direct(call: SimulatedCall) -> bool:
    """In to one desk, whose person took it to its end."""
    return call.path is Path.DIRECT and call.picked > 0 and not call.handed and call.manager is not None


def _is_dialled(call: SimulatedCall) -> bool:
    return call.path is Path.DIALLED and not call.handed


def _of_three_digits(call: SimulatedCall) -> bool:
    return len(call.extension) == 3


_CAN: dict[Oddity, Callable[[SimulatedCall], bool]] = {
    Oddity.PARKED: lambda call: (
        call.way is Way.IN and call.path is Path.DIRECT and call.handed > 0 and not call.consulted
    ),
    Oddity.PICKED_UP: _is_direct,
    Oddity.DROPPED: lambda call: _is_direct(call) and call.talk_s < CONVERSATION_S,
    Oddity.PREFIX: _is_dialled,
    Oddity.HASH: _is_dialled,
    Oddity.DEVICE: lambda call: (_is_direct(call) or _is_dialled(call)) and _of_three_digits(call),
    Oddity.CLICK: lambda call: _is_dialled(call) and (call.picked > 0 or call.end - call.start > 10),
    Oddity.BOX: lambda call: call.path is Path.DIRECT and call.voicemail > 0,
    Oddity.APPLICATION: lambda call: (_is_direct(call) or _is_dialled(call)) and call.talk_s > 0,
}
