"""A cell is what docs/metrics.md says of its facts; read here once more, the slow and plain way."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.count import Fact, Rules, by_cell, count, difference
from schemas.records import ActivityKind, Direction, Disposition, ManagerActivity

NINE = 1793610000
RULES = Rules(conversation_s=30, potential=frozenset({"new", "active", "development"}))


def fact(number: int = 1, **said: Any) -> Fact:
    """A conversation of a minute with a new organisation, called by m1."""
    fields: dict[str, Any] = {
        "bucket": NINE,
        "manager_id": "m1",
        "activity_id": f"call:office:{number}",
        "kind": ActivityKind.CALL,
        "team": "north",
        "organisation_id": "o1",
        "stage": "new",
        "contact": "+74950000012",
        "direction": Direction.OUTBOUND,
        "disposition": Disposition.ANSWERED,
        "talk_s": 60,
        "amount": Decimal(0),
        "currency": "",
        "withdrawn": 0,
        **said,
    }
    return Fact(**fields)


def counted(facts: list[Fact], *, first_counted_at: int = 5, version: int = 9) -> ManagerActivity:
    return count((NINE, "m1"), facts, RULES, first_counted_at=first_counted_at, version=version)


calls = st.builds(
    fact,
    st.integers(1, 10**6),
    team=st.sampled_from(["north", "south"]),
    organisation_id=st.sampled_from(["", "o1", "o2", "o3"]),
    stage=st.sampled_from(["", "new", "active", "development", "shipment", "customer", "disqualified"]),
    contact=st.sampled_from(["", "+74950000012", "+74950000013", "+78120000014"]),
    direction=st.sampled_from(Direction),
    disposition=st.sampled_from(Disposition),
    talk_s=st.sampled_from([0, 1, 29, 30, 31, 3600]),
)
proposals = st.builds(
    lambda number, **said: fact(number, activity_id=f"proposal:{number}", contact="", talk_s=0, **said),
    st.integers(1, 10**6),
    kind=st.sampled_from([ActivityKind.GENERAL, ActivityKind.INDIVIDUAL]),
    organisation_id=st.sampled_from(["o1", "o2", "o3"]),
    direction=st.just(Direction.UNKNOWN),
    disposition=st.just(Disposition.UNKNOWN),
    amount=st.decimals(0, 10**12, places=2),
    currency=st.sampled_from(["RUB", "USD", ""]),
    withdrawn=st.integers(0, 1),
)
facts_of_a_cell = st.lists(calls | proposals, max_size=30, unique_by=lambda one: one.activity_id)


@given(facts_of_a_cell)
def test_count_is_what_the_definitions_say(facts: list[Fact]) -> None:
    external = [f for f in facts if f.kind == "call" and f.direction != "internal"]
    answered = [f for f in external if f.disposition == "answered"]
    conversations = [f for f in answered if f.talk_s >= 30]
    sent = [f for f in facts if f.kind != "call" and not f.withdrawn]
    individual = [f for f in sent if f.kind == "individual"]
    cell = counted(facts)

    assert cell.calls == len(external)
    assert cell.attempts == len([f for f in external if f.direction == "outbound"])
    assert cell.answered == len(answered)
    assert cell.conversations == len(conversations)
    assert cell.talk_s == sum(f.talk_s for f in answered)
    assert cell.calls_to_potential == len([f for f in conversations if f.stage in ("new", "active", "development")])
    assert cell.unknown_calls == len([f for f in external if f.organisation_id == ""])
    assert cell.contacts == sorted({f.contact for f in external} - {""})
    assert cell.organisations == sorted({f.organisation_id for f in external} - {""})
    assert cell.general_organisations == sorted({f.organisation_id for f in sent if f.kind == "general"})
    assert cell.individual_proposals == len(individual)
    assert cell.withdrawn_proposals == len([f for f in facts if f.kind != "call" and f.withdrawn])
    amounts: Counter[str] = Counter()
    sums = {currency: sum(f.amount for f in individual if f.currency == currency) for currency in ("RUB", "USD", "")}
    amounts.update({f.currency for f in individual})
    assert dict(zip(cell.currencies, cell.amounts, strict=True)) == {currency: sums[currency] for currency in amounts}
    assert cell.retracted == (not external and not any(f.kind != "call" for f in facts))


@given(facts_of_a_cell, st.randoms(use_true_random=False))
def test_count_does_not_depend_on_the_order_of_facts(facts: list[Fact], dice: Random) -> None:
    shuffled = list(facts)
    dice.shuffle(shuffled)
    assert counted(shuffled) == counted(facts)


@given(facts_of_a_cell, facts_of_a_cell)
def test_difference_leads_from_one_count_to_the_other(one: list[Fact], other: list[Fact]) -> None:
    before, after = counted(one, version=1), counted(other, first_counted_at=7, version=2)
    changed = difference(before, after)
    for name in ManagerActivity.__struct_fields__:
        if name not in ("first_counted_at", "version"):
            old, new = getattr(before, name), getattr(after, name)
            assert changed.get(name, (old, old)) == (old, new)
            assert (name in changed) == (old != new)
    assert not changed.keys() & {"first_counted_at", "version"}


@given(facts_of_a_cell)
def test_same_facts_make_no_difference(facts: list[Fact]) -> None:
    assert difference(counted(facts, version=1), counted(facts, version=2)) == {}


def test_new_cell_differs_from_zeros() -> None:
    changed = difference(None, counted([fact()]))
    assert changed["calls"] == (0, 1)
    assert changed["contacts"] == ([], ["+74950000012"])
    assert "withdrawn_proposals" not in changed
    assert "retracted" not in changed


def test_cell_that_lost_its_last_call_is_retracted() -> None:
    changed = difference(counted([fact()]), counted([]))
    assert changed["retracted"] == (0, 1)
    assert changed["calls"] == (1, 0)


def test_cell_that_never_was_and_has_nothing_to_count_makes_no_difference() -> None:
    """A retraction is sent again with every repeat of its call: it must not fill the ledger of restatements."""
    assert difference(None, counted([])) == {}
    assert difference(None, counted([fact(direction=Direction.INTERNAL)])) == {}


def test_conversation_begins_at_the_threshold() -> None:
    cell = counted([fact(1, talk_s=29), fact(2, talk_s=30), fact(3, talk_s=31)])
    assert (cell.answered, cell.conversations, cell.calls_to_potential, cell.talk_s) == (3, 2, 2, 90)


def test_call_with_a_potential_client_needs_a_conversation_not_an_answer() -> None:
    cell = counted([fact(1, talk_s=5), fact(2, disposition=Disposition.MACHINE, talk_s=50), fact(3, stage="customer")])
    assert (cell.calls, cell.calls_to_potential) == (3, 0)


def test_resend_of_a_general_proposal_within_the_cell_is_not_a_second_one() -> None:
    sent = [fact(n, activity_id=f"proposal:{n}", kind=ActivityKind.GENERAL) for n in (1, 2)]
    assert counted(sent).general_organisations == ["o1"]


def test_sums_of_different_currencies_are_not_added() -> None:
    sums = [("RUB", "1500.10"), ("USD", "20"), ("RUB", "0.90")]
    cell = counted(
        [
            fact(
                n, activity_id=f"proposal:{n}", kind=ActivityKind.INDIVIDUAL, currency=currency, amount=Decimal(amount)
            )
            for n, (currency, amount) in enumerate(sums)
        ]
    )
    assert (cell.currencies, cell.amounts) == (["RUB", "USD"], [Decimal("1501.00"), Decimal("20.00")])


def test_cells_hold_their_own_facts() -> None:
    later, other = fact(2, bucket=NINE + 300), fact(3, manager_id="m2")
    assert by_cell([fact(1), later, other, fact(4)]) == {
        (NINE, "m1"): [fact(1), fact(4)],
        (NINE + 300, "m1"): [later],
        (NINE, "m2"): [other],
    }
