"""Who talked, and how long: small exports that were answered wrongly once, each with its right answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.mapped.source import MappedSource
from connectors.reading.machine_names import names_machine
from connectors.reading.sample import Sample
from connectors.reading.source import Hints
from connectors.recognise import choose
from schemas.mapping import Mapping as TableMapping
from schemas.records import CallLeg, Direction, Manager
from tests.connectors.conftest import context
from tests.pipeline.cases.harness import ROSTER, Counted, counted, legs_of, person

FOLDER = Path(__file__).parent / "who"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND
MOBILES = (person("m1", "101", mobiles=["+79169990001", "+79160000999"]), *ROSTER[1:])
NAMED = (person("m1", "ivanova"), person("m2", logins=["7010001234"]))


@pytest.mark.parametrize(
    ("files", "right", "roster"),
    [
        (["01_parked_park.csv"], [Counted("m2", 600, True, IN, "+79160000001")], ROSTER),
        (["01_parked_parkedcall.csv"], [Counted("m2", 600, True, IN, "+79160000001")], ROSTER),
        (
            ["03_second_device_prefix.csv"],
            [Counted("m1", 90, True, OUT, "+79160000003"), Counted("m1", 90, True, IN, "+79160000003")],
            ROSTER,
        ),
        (
            ["07_lastapp.csv"],
            [Counted("m1", 60, True, IN, "+79160000007"), *[Counted("m1", 60, True, OUT, "+79160000007")] * 7],
            ROSTER,
        ),
        (["11_queue_transfer_cdr.csv"], [Counted("m2", 3470, True, IN, "+79160000011")], ROSTER),
        (
            ["11_queue_transfer_cdr.csv", "11_queue_transfer_queue_log"],
            [Counted("m2", 3470, True, IN, "+79160000011")],
            ROSTER,
        ),
        (
            ["41_forward_to_own_mobile.csv"],
            [Counted("m1", 295, True, IN, "+79160000042"), Counted("m1", 195, True, IN, "+79160000043")],
            MOBILES,
        ),
        (
            ["41_forward_to_own_mobile.csv"],
            # Nobody claims the mobile: it is of the person whose phone sends calls there.
            [Counted("m1", 295, True, IN, "+79160000042"), Counted("m1", 195, True, IN, "+79160000043")],
            ROSTER,
        ),
        (
            ["41_forward_to_own_mobile.csv"],
            [Counted("m2", 295, True, IN, "+79160000042"), Counted("m2", 195, True, IN, "+79160000043")],
            (ROSTER[0], person("m2", "102", mobiles=["+79169990001"])),
        ),
        (
            ["51_originate_two_legs.csv"],
            [Counted("m1", 20, True, OUT, "+79160000051"), Counted("m1", 0, False, OUT, "+79160000052")],
            ROSTER,
        ),
        (["52_queue_member_mobile.csv"], [Counted("m1", 118, True, IN, "+79160000053")], MOBILES),
        (["cel_no_extra.csv"], [Counted("m1", 60, True, IN, "+79160000001")], (person("m1", "201"),)),
        (["cel_taken_back_from_queue.csv"], [Counted("m1", 10, True, IN, "+79160000001")], (person("m1", "201"),)),
        (["local_to_voicemail.csv"], [Counted("", 0, False, IN, "+79160000001")], (person("m1", "201", "202"),)),
        (
            ["named_extensions.csv"],
            [
                Counted("m1", 60, True, OUT, "+79160000001"),
                Counted("m2", 66, True, OUT, "+79160000002"),
                Counted("m1", 40, True, IN, "+79160000003"),
            ],
            NAMED,
        ),
        (
            ["36_two_servers_one_uniqueid.csv"],
            [
                Counted("m1", 90, True, OUT, "+79160000001"),
                Counted("m3", 190, True, OUT, "+79160000003"),
                Counted("m1", 90, True, OUT, "+79160000001"),
                Counted("m3", 190, True, OUT, "+79160000003"),
            ],
            ROSTER,
        ),
        (
            ["23_cucm.csv"],
            [
                Counted("m1", 920, True, OUT, "+79160000023"),
                Counted("m2", 12, True, Direction.INTERNAL, ""),
                Counted("", 0, False, IN, "+79160000023"),
                Counted("m1", 120, True, IN, "+79160000023"),
            ],
            ROSTER,
        ),
        (
            ["35_fs_callcenter.jsonl"],
            [
                Counted("m2", 110, True, IN, "+79160000035"),
                Counted("m1", 100, True, OUT, "+79160000035"),
                Counted("m1", 90, True, OUT, "+79160000035"),
            ],
            ROSTER,
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) and isinstance(value[0], str) else "",
)
def test_call_is_whose_it_was(files: list[str], right: list[Counted], roster: tuple[Manager, ...]) -> None:
    settings: dict[str, Any] = {}
    legs = [leg for name in files for leg in legs_of(FOLDER / name, **settings)]
    found = counted(legs, roster)
    assert sorted(found) == sorted(right)


def test_call_through_two_exchanges_is_one_call_of_the_branchs_phone() -> None:
    """The line from the branch brings its extensions: the sister exchange counts that as nobody's call to outside."""
    legs = [*legs_of(FOLDER / "04_branch.csv", source="branch"), *legs_of(FOLDER / "04_hq.csv", source="hq")]
    roster = (person("m1", "101", source="branch"), person("m9", "101", source="hq"))
    assert [call for call in counted(legs, roster) if call.direction is OUT] == [
        Counted("m1", 90, True, OUT, "+79160000004")
    ]


def test_two_servers_that_are_named_are_told_apart_by_their_names(tmp_path: Path) -> None:
    header, *rows = (FOLDER / "36_two_servers_one_uniqueid.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "named.csv"
    lines = [f"{row},{name}" for row, name in zip(rows, ("a", "b", "a", "b"), strict=True)]
    path.write_text("\n".join([f"{header},systemname", *lines]) + "\n", encoding="utf-8")
    legs = legs_of(path)
    assert len({leg.call_id for leg in legs}) == 4
    assert [leg.call_id for leg in legs_of(path)] == [leg.call_id for leg in legs]


@pytest.mark.parametrize(
    ("machines", "right"),
    [
        ((), Counted("m1", 20, True, IN, "+79160000001")),
        (("101",), Counted("m2", 600, True, IN, "+79160000001")),
        ((r"10\d",), Counted("", 0, False, IN, "+79160000001")),
    ],
)
def test_number_that_the_settings_call_a_machine_is_never_a_person(machines: tuple[str, ...], right: Counted) -> None:
    legs = legs_of(FOLDER / "01_parked_park.csv", machines=machines)
    assert counted(legs if machines else legs[:1]) == [right]


def test_line_that_the_settings_call_a_tie_is_counted_at_the_sister_exchange() -> None:
    legs = legs_of(FOLDER / "01_parked_park.csv", ties=("provider",))
    assert [call.direction for call in counted(legs)] == [IN]  # an outside caller through a tie is a call of this phone
    legs = legs_of(FOLDER / "04_hq.csv", ties=("provider", "from-branch"))
    assert [call.direction for call in counted(legs)] == [Direction.INTERNAL]


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("named_extensions.csv", {"PJSIP/ivanova": "phone", "PJSIP/7010001234": "phone", "PJSIP/provider": "line"}),
        ("03_second_device_prefix.csv", {"PJSIP/99101": "device", "PJSIP/provider": "line"}),
        ("04_hq.csv", {"PJSIP/from-branch": "tie", "PJSIP/provider": "line"}),
        ("07_lastapp.csv", {"PJSIP/101": "phone", "PJSIP/provider": "line"}),
    ],
)
def test_what_peers_were_taken_for_is_shown_with_counts_and_the_setting_that_decides(
    name: str, right: dict[str, str]
) -> None:
    source, recognised = choose(Sample(FOLDER / name), "calls", "auto", "RU")
    found = source.beliefs(recognised, context("auto"))
    assert {one.name: one.taken_for for one in found} == right
    assert all(one.rows and one.why and one.setting in ("extensions", "trunks", "ties") for one in found)


def test_menus_and_groups_of_a_report_of_3cx_are_nobody() -> None:
    mapping = TableMapping(
        kind="calls",
        columns={
            "start": "Call Time",
            "from": "Caller ID",
            "to": "Destination",
            "status": "Status",
            "wait": "Ringing",
            "talk": "Talking",
        },
        values={"status": {"Redirected": "no answer"}},
    )
    source = MappedSource("3cx", mapping)
    path = FOLDER / "threecx_report.csv"
    recognised = source.recognise(Sample(path), Hints(region="US"))
    assert recognised is not None
    assert "Welcome message (805) (1), Ring Group (809) (1)" in " ".join(recognised.reasons)
    settings = msgspec.structs.replace(context("UTC"), region="US", extension_pattern=r"\d{3}")
    items = list(source.read(path, recognised, settings))
    legs = [item for item in items if isinstance(item, CallLeg)]
    assert len(items) - len(legs) == 1  # the line of totals
    assert sorted(counted(legs, (person("anna", "137"),))) == [
        Counted("", 0, False, IN, "+12025550101"),
        Counted("", 0, False, IN, "+12025550102"),
        Counted("anna", 45, True, IN, "+12025550102"),
    ]


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("Welcome message (805)", True),
        ("Ring Group (809)", True),
        ("Sales queue", True),
        ("Голосовое меню", True),
        ("Голосовая почта 101", True),
        ("Группа продаж (600)", True),
        ("IVR", True),
        ("VoiceMail of Anna", True),
        ("Anna 137 (137)", False),
        ("Группов Олег (102)", False),
        ("Queenie (103)", False),
        ("Menuhin (104)", False),
        ("", False),
    ],
)
def test_menu_a_queue_or_a_group_is_known_by_its_words(text: str, machine: bool) -> None:
    assert names_machine(text) is machine


@pytest.mark.parametrize(("dialled", "whose"), [("ivanova", "ivanova"), ("201", "201")])
def test_phone_with_a_name_is_a_phone_in_channel_events_too(tmp_path: Path, dialled: str, whose: str) -> None:
    """Events decide where both are loaded: they must not take for a line what the CDR takes for a phone."""
    text = (FOLDER / "cel_no_extra.csv").read_text(encoding="utf-8")
    lines = text.replace("PJSIP/201-", "PJSIP/ivanova-").replace("201,from-pstn", f"{dialled},from-pstn").splitlines()
    dial = '"PJSIP/ivanova,20"'
    path = tmp_path / "cel.csv"
    path.write_text(
        "\n".join(
            [
                f"{lines[0]},appname,appdata",
                *(f"{line},{f'Dial,{dial}' if 'provider' in line else ','}" for line in lines[1:]),
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    assert counted(legs_of(path), (person("m1", whose),)) == [Counted("m1", 60, True, IN, "+79160000001")]
