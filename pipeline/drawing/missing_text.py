"""Missing calls in words, one line each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from pipeline.readouts.missing_calls import MissingCalls
from schemas.screens.translations.page import page_texts

_MOST = 4


def missing_lines(found: Sequence[MissingCalls], language: str, zone: ZoneInfo) -> list[str]:
    """The latest ones first, and how many more there are; none when nothing is missing."""
    texts = page_texts(language)
    lines = []
    for one in reversed(found[-_MOST:]):
        since, until = one.since.astimezone(zone), one.until.astimezone(zone)
        form = texts.missing_since if one.goes_on else texts.missing_between
        lines.append(
            form.format(
                missing=one.missing,
                source=one.source,
                since=f"{since:{texts.moment}}",
                until=f"{until:%H:%M}" if since.date() == until.date() else f"{until:{texts.moment}}",
            )
        )
    if len(found) > _MOST:
        earlier = found[:-_MOST]
        lines.append(texts.missing_more.format(missing=sum(one.missing for one in earlier), days=len(earlier)))
    return [*lines, texts.missing_note] if lines else []
