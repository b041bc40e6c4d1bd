"""An import's claims are taken back: what others said stays, in any order, repetition and chunks."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.merge_latest import Claims, merge_latest
from schemas.provenance import Provenance, claim_of, taking_back
from schemas.records import Organisation
from tests.pipeline.unit.making import organisation

NOW = 10**18  # later than every version
LOADS = ("a", "b", "c", "d")


def said(name: str, load: str, digit: int) -> Organisation:
    """What a load says of an organisation; loads began one after the other."""
    return organisation(
        name, [f"+7495000000{digit}"], version=LOADS.index(load) * 1000, import_id=load, origin=f"{load}.csv:1"
    )


class Table:
    """A table and the claims beside it, as an agent keeps them from chunk to chunk."""

    def __init__(self) -> None:
        self.rows: dict[str, Organisation] = {}
        self.claims: dict[tuple[str, str], Provenance] = {}

    def merge_latest(self, chunk: Sequence[Organisation]) -> None:
        latest = {r.organisation_id: self.rows[r.organisation_id] for r in chunk if r.organisation_id in self.rows}
        asks = any(r.retracted for r in chunk) or any(r.retracted for r in latest.values())
        claims = Claims(self.claims.values() if asks else ())
        new = merge_latest(chunk, latest, lambda r: r.organisation_id, claims=claims, now=NOW)
        for claim in claims.new:
            known = self.claims.get((claim.identity, claim.import_id))
            if known is None or known.version <= claim.version:
                self.claims[claim.identity, claim.import_id] = claim
        for name in new:
            before = self.rows.get(name)
            assert before is None or latest[name].version >= before.version, "the table folds by version"
            self.rows[name] = latest[name]

    def phones(self) -> dict[str, list[str]]:
        return {name: row.phones for name, row in self.rows.items() if not row.retracted}

    def take_back(self, load: str) -> list[Organisation]:
        """As `pipeline.loading.undo` finds them."""
        back = [
            taking_back(r, r.version, load, "undo")
            for r in self.rows.values()
            if r.import_id == load and not r.retracted
        ]
        for (name, import_id), claim in self.claims.items():
            if import_id == load and not claim.retracted and self.rows[name].import_id != load:
                back.append(taking_back(self.rows[name], claim.version, load, "undo"))
        return back


def without(records: Sequence[Organisation], load: str) -> dict[str, list[str]]:
    """What stands of what others said, where it was not replaced by what the load said."""
    phones = {}
    for name in {r.organisation_id for r in records}:
        of_it = sorted((r for r in records if r.organisation_id == name), key=lambda r: r.version)
        if any(r.phones == of_it[-1].phones and r.import_id != load for r in of_it):
            phones[name] = of_it[-1].phones
    return phones


# A load says one thing of an organisation; what was said and replaced is not said again (docs/decisions.md, 17).
claims_of_loads = st.dictionaries(
    st.tuples(st.sampled_from("xyz"), st.sampled_from(LOADS)), st.integers(0, 2), max_size=9
).map(lambda drawn: [said(name, load, digit) for (name, load), digit in drawn.items()])


def never_returns(records: Sequence[Organisation]) -> bool:
    for name in {r.organisation_id for r in records}:
        contents = [r.phones for r in sorted(records, key=lambda r: r.version) if r.organisation_id == name]
        changes = [one for place, one in enumerate(contents) if not place or contents[place - 1] != one]
        if len({tuple(one) for one in changes}) != len(changes):
            return False
    return True


@given(records=claims_of_loads.filter(never_returns), load=st.sampled_from(LOADS), data=st.data())
def test_what_others_said_stands_after_any_order_repetition_and_chunks(
    records: list[Organisation], load: str, data: st.DataObject
) -> None:
    table = Table()
    left = data.draw(st.permutations(records))
    while left:
        size = data.draw(st.integers(1, len(left)))
        table.merge_latest(left[:size])
        left = left[size:]
    back = table.take_back(load)
    assert {r.import_id for r in back} <= {load}
    # Everything may come again, in any order with what takes it back. But what the load had replaced: that stands then.
    stays = without(records, load)
    may_come = [r for r in records if r.import_id == load or r.organisation_id in stays]
    again = data.draw(st.lists(st.sampled_from(may_come), max_size=6)) if may_come else []
    mixed = list(data.draw(st.permutations([*back, *back[:2], *again])))
    while mixed:
        size = data.draw(st.integers(1, len(mixed)))
        table.merge_latest(mixed[:size])
        mixed = mixed[size:]
    assert table.phones() == stays
    assert table.take_back(load) == []


@given(records=claims_of_loads.filter(never_returns), loads=st.permutations(LOADS), data=st.data())
def test_every_load_taken_back_one_after_the_other_leaves_nothing(
    records: list[Organisation], loads: list[str], data: st.DataObject
) -> None:
    table = Table()
    for record in data.draw(st.permutations(records)):
        table.merge_latest([record])
    for load in loads:
        table.merge_latest(table.take_back(load))
        assert all(row.import_id != load for row in table.rows.values() if not row.retracted)
    assert table.phones() == {}


def test_record_of_two_imports_stays_under_the_others_name() -> None:
    table = Table()
    table.merge_latest([said("x", "a", 1)])
    table.merge_latest([said("x", "b", 1)])
    assert table.rows["x"].import_id == "a"
    table.merge_latest(table.take_back("a"))
    assert (table.rows["x"].import_id, table.rows["x"].origin, table.rows["x"].retracted) == ("b", "b.csv:1", 0)


def test_record_said_again_after_it_was_taken_back_stands() -> None:
    table = Table()
    table.merge_latest([said("x", "a", 1)])
    back = table.take_back("a")
    table.merge_latest(back)
    assert table.phones() == {}
    table.merge_latest([said("x", "b", 1)])
    table.merge_latest(back)
    assert table.phones() == {"x": ["+74950000001"]}


def test_earlier_load_that_arrives_after_the_later_one_was_taken_back_stands() -> None:
    table = Table()
    table.merge_latest([said("x", "b", 2)])
    table.merge_latest(table.take_back("b"))
    table.merge_latest([said("x", "a", 1)])
    assert table.phones() == {"x": ["+74950000001"]}


def test_word_is_the_same_whoever_says_it() -> None:
    assert claim_of(said("x", "a", 1)).digest == claim_of(said("x", "b", 1)).digest
    assert claim_of(said("x", "a", 1)).digest != claim_of(said("x", "b", 2)).digest
