"""Names that exchanges show for what is not a person: menus, queues, groups, voicemail."""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = re.compile(
    r"(?<![^\W\d_])(?:welcome message|greeting|ivr|(?:voice|digital|main|auto)? ?menu|auto ?-?attendant"
    r"|digital receptionist|voice ?-?mail(?:box)?|v-?mail|(?:ring|hunt|call|pickup)?[ -]?group|(?:call ?)?queue"
    r"|call ?flow"
    r"|announcement|conference(?: room)?|fax|parking|time condition|music on hold"
    r"|ивр|автосекретар[ья]|автоответчик|(?:голосов\w+ |главное )?меню|голосов\w+ почта|приветствие|очередь|группа"
    r"|факс|конференция|парковка)(?![^\W\d_])",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def names_machine(text: str) -> bool:
    """Whether a cell like `Welcome message (805)` or `Ring Group (809)` names a machine: by its words alone."""
    return _WORDS.search(text) is not None
