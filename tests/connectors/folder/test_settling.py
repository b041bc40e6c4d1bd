"""A file is whole once it stayed as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.folder.settling import FileSettling, Stamp, is_unfinished


def test_file_that_grows_is_not_whole_until_it_stops() -> None:
    settling = FileSettling(2.0)
    for second in range(10):
        assert settling.look({"a.csv": Stamp(second + 1, second, 7)}, float(second)) == []
    assert settling.look({"a.csv": Stamp(10, 9, 7)}, 10.0) == []
    assert settling.look({"a.csv": Stamp(10, 9, 7)}, 11.0) == ["a.csv"]


def test_file_that_is_replaced_by_another_of_its_size_and_time_begins_anew() -> None:
    settling = FileSettling(2.0)
    settling.look({"a.csv": Stamp(10, 5, 7)}, 0.0)
    assert settling.look({"a.csv": Stamp(10, 5, 8)}, 2.0) == []
    assert settling.look({"a.csv": Stamp(10, 5, 8)}, 4.0) == ["a.csv"]


def test_time_of_the_file_is_not_compared_with_ours() -> None:
    settling = FileSettling(2.0)
    tomorrow = Stamp(10, 10**18 * 2, 7)
    settling.look({"a.csv": tomorrow}, 0.0)
    assert settling.look({"a.csv": tomorrow}, 2.0) == ["a.csv"]


def test_file_that_went_and_came_back_begins_anew() -> None:
    settling = FileSettling(2.0)
    stamp = Stamp(10, 5, 7)
    settling.look({"a.csv": stamp}, 0.0)
    settling.look({}, 1.0)
    assert settling.look({"a.csv": stamp}, 2.0) == []


def test_empty_file_is_never_whole() -> None:
    settling = FileSettling(2.0)
    settling.look({"a.csv": Stamp(0, 5, 7)}, 0.0)
    assert settling.look({"a.csv": Stamp(0, 5, 7)}, 100.0) == []


@pytest.mark.parametrize("name", [".a.csv.Xy1", "a.csv.part", "A.CSV.FILEPART", "a.crdownload", "a.tmp", "a.csv~"])
def test_names_of_what_is_being_written(name: str) -> None:
    assert is_unfinished(name)


def test_part_of_a_name_is_no_end_of_it() -> None:
    assert not is_unfinished("temporary.part-1.csv")


sizes = st.integers(1, 3)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), sizes), max_size=30), st.integers(1, 5))
def test_whole_means_unchanged_in_every_look_of_the_last_seconds(looks: list[dict[str, int]], settle: int) -> None:
    settling = FileSettling(float(settle))
    for second, found in enumerate(looks):
        whole = settling.look({name: Stamp(size, 0, 0) for name, size in found.items()}, float(second))
        recent = looks[max(0, second - settle) : second + 1]
        wanted = {
            name for name, size in found.items() if second >= settle and all(look.get(name) == size for look in recent)
        }
        assert set(whole) == wanted
        assert len(whole) == len(wanted)
