"""What a file's numbers turned out to be: hidden, not understood, of no country's plan, behind a dial prefix."""

from __future__ import annotations

from collections import Counter

import msgspec

from connectors.reading.phones import e164, exists, is_hidden, possible_prefix
from schemas.records import CallLeg, Direction

_EXAMPLES = 3
_MOST = 20_000
"""Different texts that are counted one by one: a file of noise does not fill the memory."""
_FEWEST_OF_PREFIX = 2
_SHARE_OF_PREFIX = 0.01


class OutsideNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of legs with a number outside. A field of `load --json`."""

    legs: int = 0
    hidden: int = 0
    """The exchange says that the number is not shown."""
    not_understood: int = 0
    """Kept as it was written, and nobody's."""
    not_understood_examples: list[str] = []
    unknown: int = 0
    """Read as a number that no country's plan has."""
    unknown_examples: list[str] = []
    prefixes: dict[str, int] = {}
    """Digits without which outbound numbers are numbers of the region -> how many; nothing was changed by them."""
    prefix_examples: dict[str, str] = {}


class NumberCounts:
    """Counts while legs are sent."""

    def __init__(self, region: str, prefixes: tuple[str, ...]) -> None:
        self._region = region
        self._configured = prefixes
        self._legs = 0
        self._outbound = 0
        self._hidden = 0
        self._strange: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._prefixed: dict[str, Counter[str]] = {}
        self._exists: dict[str, bool] = {}

    def add(self, leg: CallLeg) -> None:
        raw = leg.contact_raw
        if not raw:
            return
        self._legs += 1
        contact = leg.contact
        if not contact:
            if is_hidden(raw):
                self._hidden += 1
                return
            _count(self._strange, raw)
        elif not self._is_known(contact):
            _count(self._unknown, raw)
        if leg.direction is Direction.OUTBOUND:
            self._outbound += 1
            prefix = possible_prefix(raw, self._region)
            if prefix and prefix not in self._configured and contact != e164(raw, self._region, (prefix,)):
                _count(self._prefixed.setdefault(prefix, Counter()), raw)

    def numbers(self) -> OutsideNumbers:
        prefixes = {
            prefix: texts
            for prefix, texts in self._prefixed.items()
            if texts.total() >= max(_FEWEST_OF_PREFIX, self._outbound * _SHARE_OF_PREFIX)
        }
        return OutsideNumbers(
            legs=self._legs,
            hidden=self._hidden,
            not_understood=self._strange.total(),
            not_understood_examples=_most(self._strange),
            unknown=self._unknown.total(),
            unknown_examples=_most(self._unknown),
            prefixes={prefix: texts.total() for prefix, texts in prefixes.items()},
            prefix_examples={prefix: _most(texts)[0] for prefix, texts in prefixes.items()},
        )

    def _is_known(self, contact: str) -> bool:
        if contact.startswith("+7") and len(contact) == 12 and contact[2] in "3489":
            return True  # checked by its form alone: `phonenumbers` takes 30 us for each
        known = self._exists.get(contact)
        if known is None:
            if len(self._exists) >= _MOST:
                return True
            known = self._exists[contact] = exists(contact)
        return known


def describe(numbers: OutsideNumbers, region: str, source: str) -> list[str]:
    """For people: what the numbers turned out to be, and what decides."""
    of = f"of {numbers.legs:,} numbers outside"
    lines = []
    if numbers.hidden:
        lines.append(f"numbers: {numbers.hidden:,} {of} are hidden")
    if numbers.not_understood:
        share, examples = numbers.not_understood / numbers.legs, _listed(numbers.not_understood_examples)
        lines.append(
            f"numbers: {numbers.not_understood:,} {of} ({share:.1%}) are not understood: they are kept as they are, and"
            f" are nobody's: {examples}"
        )
    if numbers.unknown:
        share, examples = numbers.unknown / numbers.legs, _listed(numbers.unknown_examples)
        lines.append(
            f"numbers: {numbers.unknown:,} {of} ({share:.1%}) exist neither in {region} nor in the country they name:"
            f" {examples}; see region and prefixes of the source"
        )
    for prefix, count in numbers.prefixes.items():
        example = numbers.prefix_examples[prefix]
        read_as = e164(example, region) or "not understood"
        without = e164(example, region, (prefix,))
        lines.append(
            f"numbers: {count:,} outbound numbers are of {region} without {prefix!r} in front: {example!r} is {without}"
            f" then, and was read as {read_as}; if {prefix} is dialled to get a line, write"
            f' prefixes = ["{prefix}"] under [sources.{source}] in callfunnel.toml (or give --prefixes {prefix}) and'
            " load the file again"
        )
    return lines


def _listed(examples: list[str]) -> str:
    return ", ".join(map(repr, examples))


def _count(texts: Counter[str], text: str) -> None:
    text = text[:40]
    if text in texts or len(texts) < _MOST:
        texts[text] += 1
    else:
        texts["..."] += 1


def _most(texts: Counter[str]) -> list[str]:
    return [text for text, _ in texts.most_common(_EXAMPLES)]
