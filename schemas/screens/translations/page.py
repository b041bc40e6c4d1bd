"""What the board page says beside the texts of its panels: `page.toml` of each language."""

from __future__ import annotations

from functools import cache

import msgspec

from schemas.screens.panel import Unit
from schemas.screens.translations import texts


class PageTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page says beside the texts of its panels."""

    product: str
    nothing: str
    rows: str
    """How many rows a table has, where it is longer than its box."""
    rows_more: str
    """The same where its query stopped at so many."""
    loads_now: str
    failed: str
    busy: str
    periods: dict[str, str]
    periods_head: str
    filters: str
    """Above the form, where it is folded away."""
    own_period: str
    first: str
    last: str
    show: str
    all_of_them: str
    as_of: str
    as_of_last_call: str
    to_now: str
    compared: str
    """Before the days that a period is held against."""
    show_instead: str
    no_calls: str
    data_end: str
    lost: str
    """Above what the store has lost."""
    missing_since: str
    """Calls that are missing of a time that is not over."""
    missing_between: str
    missing_more: str
    missing_note: str
    """What became of the numbers there."""
    refreshed: str
    refreshes: dict[str, str]
    """How often, by a board's interval."""
    incomplete: str
    paused: str
    login_title: str
    login: str
    wrong_address: str
    not_found: str
    own_call: str
    date: str
    """strftime of a day."""
    moment: str
    moment_s: str
    axis_date: str
    """d3 format of a day on an axis."""
    begun: dict[str, str]
    """Of a period that began today."""
    data: dict[str, str]
    """How far the data can be trusted."""
    attention: dict[str, str]
    """Of the warnings that stand, and what can be said of them."""

    def time_format(self, unit: Unit) -> str:
        """strftime of a unit of `TIMES`."""
        return {Unit.DAY: self.date, Unit.TIME_S: self.moment_s}.get(unit, self.moment)


@cache
def page_texts(language: str) -> PageTexts:
    """The texts of a language."""
    return texts(language, "page", PageTexts)
