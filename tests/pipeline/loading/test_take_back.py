"""Anything can be taken back or replaced: corrected stages, organisations that are merged, deleted, or in no export."""

from __future__ import annotations

import pytest

from pipeline.loading.load_tables import ConfirmationNeeded
from pipeline.loading.undo import find_import, preview
from tests.pipeline.loading.in_memory import Office, only, sums_add_up

ORGANISATIONS = "id;name;phones\no40;Орг 40;+79160000040\no41;Орг 41;+79160000041\n"


def call(office: Office, name: str) -> None:
    office.case("calls", name, source="office")


def test_stage_corrected_in_the_next_export_replaces_the_wrong_one(office: Office) -> None:
    office.managers()
    office.load("organisations", office.write("o.csv", "id;name;phones\no50;Орг 50;+79160000050\n"))
    office.case("stages", "13_stages_wrong.csv")
    call(office, "13_call_after_correction.csv")
    assert [one.stage for one in office.activities()] == ["shipment"]
    outcome = only(office.case("stages", "13_stages_corrected.csv"))
    assert outcome.withdrawn == {"replaced": 1}
    assert office.stages("o50") == ["development"]
    assert [one.stage for one in office.activities()] == ["development"]
    assert office.rows("SELECT sum(calls_to_potential) AS n FROM manager_activity FINAL") == [{"n": 1}]
    assert office.rows(f"SELECT count() AS n FROM restatements FINAL WHERE cause = '{outcome.import_id}'") == [{"n": 1}]
    again = only(office.case("stages", "13_stages_corrected.csv"))
    assert (again.withdrawn, again.repeats, office.stages("o50")) == ({}, 1, ["development"])


def test_correction_of_another_source_or_of_another_time_replaces_nothing(office: Office) -> None:
    office.case("stages", "13_stages_wrong.csv")
    office.case("stages", "13_stages_corrected.csv", source="another crm")
    later = "organisation_id;stage;changed_at\no50;development;2026-03-02 10:01\n"
    office.load("stages", office.write("later.csv", later))
    assert office.stages("o50") == ["development", "shipment", "development"]


def test_two_stages_of_one_day_in_one_export_both_stand_and_equal_claims_of_the_source_go_together(
    office: Office,
) -> None:
    two = "organisation_id;stage;changed_at\no50;active;2026-03-02\no50;development;2026-03-02\n"
    one = "organisation_id;stage;changed_at\no50;development;2026-03-02\n"
    for name in ("first.csv", "second.csv"):  # the same from two exports: the second is a claim
        office.load("stages", office.write(name, two))
    assert office.stages("o50") == ["active", "development"]
    assert only(office.load("stages", office.write("third.csv", one))).withdrawn == {"replaced": 1}
    assert office.stages("o50") == ["development"]


def test_organisation_that_a_complete_export_has_no_more_gives_its_number_to_the_one_that_has_it(
    office: Office,
) -> None:
    office.managers()
    office.load("organisations", office.write("o.csv", ORGANISATIONS))
    call(office, "31_call_to_merged.csv")
    assert [one.organisation_id for one in office.activities()] == ["o40"]
    with pytest.raises(ConfirmationNeeded, match=r"of 2 organisations of crm, 1 are not in it.*--yes"):
        office.case("organisations", "31_orgs_merged.csv", complete=True)
    assert office.organisations() == ["o40", "o41"], "nothing was loaded"
    outcome = only(office.case("organisations", "31_orgs_merged.csv", complete=True, yes=True))
    assert outcome.withdrawn == {"absent": 1}
    assert office.organisations() == ["o41"]
    assert [one.organisation_id for one in office.activities()] == ["o41"]
    of = find_import(office.database.store, outcome.import_id)
    assert [(lost.file, lost.records) for lost in preview(of, office.database.store, "UTC").lost] == [("o.csv", 2)]
    office.load("organisations", office.folder / "o.csv")
    assert office.organisations() == ["o40", "o41"], "the file that is named brings it back"


@pytest.mark.parametrize("phone", ["+79160000040", ""])
def test_merged_organisation_gives_its_number_up_and_keeps_its_past(office: Office, phone: str) -> None:
    office.managers()
    office.load("organisations", office.write("o.csv", ORGANISATIONS))
    sent = "proposal,organisation,manager,kind,date,amount\np1,o40,m1,individual,2026-03-12,100\n"
    office.load("proposals", office.write("p.csv", sent))
    call(office, "31_call_to_merged.csv")
    merged = f"id;name;phones;merged_into\no40;Орг 40;{phone};o41\no41;Орг 41;+79160000041;\n"
    for name in ("merged.csv", "merged again.csv"):
        assert only(office.load("organisations", office.write(name, merged))).warnings == []
        assert [one.organisation_id for one in office.activities()] == ["o40", "o41"]
    alone = "id;name;phones;merged_into\no40;Орг 40;+79160000040;\no41;Орг 41;+79160000041;\n"
    office.load("organisations", office.write("alone.csv", alone))
    assert [one.organisation_id for one in office.activities()] == ["o40", "o40"]


def test_organisation_merged_into_an_unknown_one_keeps_its_number_and_that_is_reported(office: Office) -> None:
    office.managers()
    text = "id;name;phones;merged_into\no40;A;+79160000040;o99\no42;B;;o43\no43;C;;o42\n"
    outcome = only(office.load("organisations", office.write("o.csv", text)))
    assert [warning.split(":")[0] for warning in outcome.warnings] == [
        "o42 is merged into itself in the end",
        "o43 is merged into itself in the end",
        "o40 is merged into o99, which is not known",
    ]
    call(office, "31_call_to_merged.csv")
    assert [one.organisation_id for one in office.activities()] == ["o40"]


def test_status_takes_back_what_is_deleted_and_the_numbers_of_what_is_closed(office: Office) -> None:
    office.managers()
    rows = "".join(f"x{number};X;;\n" for number in range(20))
    head = "id;name;phones;Статус\n"
    office.load("organisations", office.write("o.csv", f"{head}o40;A;+79160000040;VIP\no50;B;+79160000050;\n{rows}"))
    call(office, "31_call_to_merged.csv")
    call(office, "13_call_after_correction.csv")
    sent = "proposal,organisation,manager,kind,date,amount\np1,o40,m1,individual,2026-03-12,100\n"
    office.load("proposals", office.write("p.csv", sent))
    text = f"{head}o40;A;+79160000040;Удалён\no50;B;+79160000050;закрыта\n{rows}"
    outcome = only(office.load("organisations", office.write("o2.csv", text)))
    assert (outcome.withdrawn, outcome.deleted_rows, sums_add_up(outcome)) == ({"deleted": 1}, 1, True)
    assert [warning.split(":")[0] for warning in outcome.warnings] == [
        "1 proposals are of organisations that are withdrawn",
        "1 organisations are closed by their status",
    ]
    assert [one.organisation_id for one in office.activities()] == ["", ""]
    assert "o40" not in office.organisations()
    assert "o50" in office.organisations()


def test_complete_roster_lets_an_extension_go_to_somebody_else(office: Office) -> None:
    office.managers()
    call(office, "31_call_to_merged.csv")
    changed = office.write("m.csv", "id,name,extensions\nm3,Anna,101\nm2,Oleg,102\n")
    outcome = only(office.load("managers", changed, complete=True, yes=True))
    assert (outcome.withdrawn, outcome.rejected, outcome.records) == ({"absent": 1}, {}, 2)
    assert [one.manager_id for one in office.activities()] == ["m3"]


def test_what_a_rejected_row_may_be_about_is_not_absent(office: Office) -> None:
    rows = "".join(f"x{number};X;\n" for number in range(30))
    office.load("organisations", office.write("o.csv", f"id;name;phones\no40;A;+79160000040\no41;B;\n{rows}"))
    spoilt = office.write("o2.csv", f"id;name;phones\no40;A;7,9E+10\n{rows}")
    outcome = only(office.load("organisations", spoilt, complete=True))
    assert (outcome.withdrawn, outcome.uncertain, outcome.rejected) == ({"absent": 1}, 1, {"bad_phone": 1})
    assert {"o40", "o41"} & set(office.organisations()) == {"o40"}
    assert sums_add_up(outcome)


def test_what_another_source_has_stays(office: Office) -> None:
    office.load("organisations", office.write("o.csv", ORGANISATIONS))
    office.load("organisations", office.write("of the shop.csv", ORGANISATIONS), source="shop")
    office.load("organisations", office.write("o.csv", "id;name;phones\no41;Орг 41;\n"), complete=True, yes=True)
    assert office.organisations() == ["o40", "o41"]


def test_rows_that_are_rejected_alike_are_counted_as_rows(office: Office) -> None:
    outcome = only(office.case("calls", "equal_rejects.csv", tz="UTC"))
    assert (outcome.rows, outcome.records, outcome.rejected, outcome.rejected_alike) == (4, 1, {"bad_time": 3}, 2)
    assert sums_add_up(outcome)


def test_numbers_of_two_columns_of_one_name_are_both_read(office: Office) -> None:
    office.case("organisations", "32_orgs_two_phone_columns.csv")
    found = office.rows("SELECT phones FROM organisations FINAL")
    assert found == [{"phones": ["+79163330001", "+79163330002"]}]
