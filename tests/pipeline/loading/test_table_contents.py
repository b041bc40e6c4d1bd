"""What files say together of stored records: the same in any order of the files and of their rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.loading.table_contents import Fate, TableContents, is_more_than_a_tenth, merge_targets
from schemas.records import Organisation, Proposal, ProposalKind, StageChange
from schemas.topics import ORGANISATIONS, PROPOSALS, STAGE_CHANGES

DAY = datetime(2026, 3, 2, tzinfo=UTC)
STAGES = ("new", "active", "development")


def stage(organisation: str, day: int, code: str, version: int = 1, retracted: int = 0) -> StageChange:
    at = DAY + timedelta(days=day)
    return StageChange(organisation_id=organisation, stage=code, changed_at=at, version=version, retracted=retracted)


rows = st.builds(
    stage,
    st.sampled_from(("o1", "o2")),
    st.integers(0, 1),
    st.sampled_from(STAGES),
    st.integers(1, 3),
    st.sampled_from((0, 0, 0, 1)),
)


@given(st.lists(rows, max_size=12), st.randoms(use_true_random=False), st.booleans())
def test_fates_are_those_of_the_last_file_that_speaks_of_a_time(
    said: list[StageChange], random: object, complete: bool
) -> None:
    contents = TableContents(STAGE_CHANGES, complete=complete)
    shuffled = sorted(said, key=lambda _: random.random())  # type: ignore[attr-defined]
    for row in shuffled:
        contents.add(row)
    for organisation in ("o1", "o2"):
        for day in (0, 1):
            at = [
                row
                for row in said
                if (row.organisation_id, row.changed_at) == (organisation, DAY + timedelta(days=day))
            ]
            there = [row for row in at if not row.retracted]
            last = max((row.version for row in there), default=0)
            for code in STAGES:
                here = max((row.version for row in there if row.stage == code), default=0)
                deleted = max((row.version for row in at if row.stage == code and row.retracted), default=0)
                if deleted and deleted >= here:
                    expected = Fate.DELETED
                elif there:
                    expected = Fate.STAYS if here == last else Fate.REPLACED
                else:
                    expected = Fate.ABSENT if complete else Fate.STAYS
                assert contents.fate(stage(organisation, day, code)) is expected


def test_rejected_row_keeps_what_it_may_be_about() -> None:
    contents = TableContents(ORGANISATIONS, complete=True)
    contents.reject('"o7";"ООО; Ромашка";7,9E+10\n')
    contents.reject('{"id": "a:b", "phones": "?"}')

    def fate(name: str) -> Fate:
        return contents.fate(Organisation(organisation_id=name, name="", phones=[], version=1))

    assert [fate(name) for name in ("o7", "a:b", "o", "o8")] == [
        *(Fate.UNCERTAIN, Fate.UNCERTAIN, Fate.ABSENT, Fate.ABSENT)
    ]
    contents.is_cut_short = True
    assert fate("o8") is Fate.UNCERTAIN


def test_earlier_revisions_of_a_proposal_that_is_there_are_not_absent() -> None:
    def proposal(name: str, revision: int) -> Proposal:
        return Proposal(
            proposal_id=name,
            revision=revision,
            organisation_id="o1",
            manager_id="m1",
            kind=ProposalKind.INDIVIDUAL,
            sent_at=DAY,
            version=1,
        )

    contents = TableContents(PROPOSALS, complete=True)
    contents.add(proposal("p1", 2))
    assert [contents.fate(proposal(*one)) for one in (("p1", 1), ("p1", 2), ("p2", 1))] == [
        *(Fate.STAYS, Fate.STAYS, Fate.ABSENT)
    ]


@pytest.mark.parametrize(
    ("into", "targets", "circular"),
    [
        ({"a": "b", "b": "c"}, {"a": "c", "b": "c"}, []),
        ({"a": "b", "b": "a", "c": "a"}, {}, ["a", "b", "c"]),
        ({"a": ""}, {}, []),
    ],
)
def test_merges_are_followed_to_their_end(into: dict[str, str], targets: dict[str, str], circular: list[str]) -> None:
    assert merge_targets({name: (1, target) for name, target in into.items()}) == (targets, circular)


def test_a_tenth_needs_no_confirmation_and_more_does() -> None:
    assert [is_more_than_a_tenth(*one) for one in ((1, 10), (2, 10), (0, 0), (1, 0))] == [False, True, False, True]
