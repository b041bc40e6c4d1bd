"""Different keys are counted, exactly while they are few, closely when they are many, in memory that does not grow."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from pipeline.loading.distinct import Distinct


@given(st.lists(st.text(max_size=3)))
def test_few_are_counted_exactly(keys: list[str]) -> None:
    seen = Distinct()
    for key in keys:
        seen.add(key)
    assert (seen.count, seen.estimated, seen.repeated(len(keys))) == (len(set(keys)), False, len(keys) - len(set(keys)))


def test_many_are_estimated_closely_and_take_what_the_map_takes() -> None:
    seen = Distinct(exact=1_000, bits=1 << 20)
    for number in range(100_000):
        seen.add(f"call-{number}")
    assert seen.estimated
    assert abs(seen.count - 100_000) < 600  # eight standard errors; hashes of strings differ from run to run
    assert seen.repeated(100_000) == 0, "what is no more than the error of an estimate is not told as repetitions"
    assert abs(seen.repeated(150_000) - 50_000) < 600
    assert not seen._seen
    assert sys.getsizeof(seen._map) < (1 << 17) + 100
