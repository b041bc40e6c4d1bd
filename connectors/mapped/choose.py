"""Which mapping reads a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.mapped.source import MappedSource, mapped_sources
from connectors.reading.sample import Sample
from connectors.reading.source import Hints, Recognised
from connectors.recognise import with_only_list
from schemas.errors import Terminal
from schemas.mapping import Mapping as TableMapping


def choose_mapped(
    sample: Sample, kind: str, profile: str, region: str, mappings: Mapping[str, TableMapping]
) -> tuple[MappedSource, Recognised] | None:
    """The mapping that names most of the file's columns, of this kind ("" for any); None when none fits.

    Raises Terminal when mappings of several kinds fit and no kind was asked for, and when the one that was asked for
    by name does not fit.
    """
    wanted = [
        source
        for source in mapped_sources(mappings)
        if kind in ("", source.kind) and profile in ("auto", source.profile)
    ]
    hints = Hints(region=region)
    found = _fitting(wanted, sample, hints) or (_fitting(wanted, with_only_list(sample), hints) if wanted else [])
    if not found:
        if profile in mappings:
            named = ", ".join(MappedSource(profile, mappings[profile]).theirs)
            raise Terminal(
                f"{sample.path}: no table of {kind or 'any kind'} with the columns of mappings.{profile}: {named}"
            )
        return None
    kinds = dict.fromkeys(source.kind for source, _ in found)
    if len(kinds) > 1:
        raise Terminal(f"{sample.path}: mapped as {' and as '.join(kinds)}: say which with --kind")
    return max(found, key=lambda one: len(one[0].theirs))


def _fitting(wanted: Sequence[MappedSource], sample: Sample, hints: Hints) -> list[tuple[MappedSource, Recognised]]:
    """Those that read the file. Raises Terminal when the only ones that name its columns cannot."""
    found, refusal = list[tuple[MappedSource, Recognised]](), None
    for source in wanted:
        try:
            if seen := source.recognise(sample, hints):
                found.append((source, seen))
        except Terminal as error:
            refusal = refusal or error
    if refusal is not None and not found:
        raise refusal
    return found
