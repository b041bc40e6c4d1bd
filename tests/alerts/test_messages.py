"""What messages say: annotations and templates executed by Go, as Grafana does it, and read in both languages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from grafana.alerts.notifications import CONTACTS, LANGUAGE, templates
from grafana.alerts.rules import groups
from grafana.build import EXAMPLE
from schemas.alerts import RULES, rule
from schemas.screens.translations import LANGUAGES

RULES_MADE = {one["labels"]["rule"]: one for _, _, rules in groups(EXAMPLE) for one in rules}
NAMES = {"m01": "Ёлкина Анна", "m02": "О'Брайен & Ко", "m 03": "Щукин <Пётр>"}
PROGRAM = Path(__file__).with_name("messages.go")
URL = "http://127.0.0.1:3000/"

Alert = dict[str, Any]
Ask = Callable[..., list[str]]


def alert(name: str, manager_id: str = "m01", /, **values: float) -> Alert:
    """One of a rule, with its annotations as they are provisioned."""
    made, said = RULES_MADE[name], rule(name)
    labels = {"manager_id": manager_id, "manager": NAMES[manager_id], "team": "Север", "source": "АТС", "door": "ami"}
    return {
        "Status": "firing",
        "Labels": {"alertname": made["title"], **made["labels"], **{one: labels[one] for one in said.labels}},
        "Annotations": made["annotations"],
        "Values": values,
    }


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Titles and texts in each language, of alerts that come in one message: the Go program, built once."""
    if shutil.which("go") is None:
        pytest.skip("Go executes Grafana's templates here, and there is no `go`")
    texts = [dict(CONTACTS)["email"][part] for part in ("subject", "message")]

    def asked(language: str, alerts: Sequence[Alert], url: str = URL) -> list[str]:
        request = {
            "Templates": [one["template"] for one in templates()["templates"]],
            "Messages": [text.replace(LANGUAGE, language) for text in texts],
            "Cases": [{"ExternalURL": url, "Alerts": list(alerts)}],
        }
        said = subprocess.run(
            ["go", "run", str(PROGRAM)],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            check=True,
            timeout=120,
            env={**os.environ, "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOWORK": "off", "GOFLAGS": ""},
        )
        (found,) = json.loads(said.stdout)
        return [str(text) for text in found]

    return asked


ONE = alert("manager_silent", quiet_expected=8.6, calls_today=0)
THREE = [
    alert("squeeze", one, new_now=n, expected_new=12.4, calls_per_existing_before=2, calls_per_existing_now=3.25)
    for n, one in enumerate(NAMES)
]


def test_one_alert_says_who_how_much_and_where_to_look(ask: Ask) -> None:
    title, text = ask("ru", [ONE])
    assert title == "Предупреждение: Менеджер не звонит"
    assert text == (
        "Предупреждение: Менеджер не звонит\n\n"
        "Ёлкина Анна (Север): ни одного звонка, а ожидалось 9; сегодня звонков 0\n"
        "Отсутствие не записано, другие звонят, данные идут, с чужого номера его клиентам не звонят."
        " Человек на месте? Если нет - внесите отсутствие.\n"
        "Смотреть: http://127.0.0.1:3000/d/callfunnel-today-ru?var-manager=m01\n"
    )
    title, text = ask("en", [ONE], "https://grafana.test")
    assert title == "Warning: A manager is not calling"
    assert text == (
        "Warning: A manager is not calling\n\n"
        "Ёлкина Анна (Север): not a call while 9 were to be expected; 0 today\n"
        "No absence is known, others call, the feed lives, and no strange extension calls their customers."
        " Are they here? If they are away, enter the absence.\n"
        "Look: https://grafana.test/d/callfunnel-today-en?var-manager=m01\n"
    )


def squeezed(name: str, new: int, manager: str) -> str:
    """One of several, in Russian."""
    return (
        f"\n{name} (Север): за четыре недели новых организаций {new}, ожидалось 12\n"
        "Звонки на действующего клиента не падают (было 2.0, стало 3.2), сделки тоже:"
        " сегодняшний план выполняется, план следующих месяцев не готовится.\n"
        f"Смотреть: http://127.0.0.1:3000/d/callfunnel-warning-ru?var-manager={manager}\n"
    )


TITLE = "Предупреждение: Менеджер живёт за счёт старых клиентов"
SECOND, THIRD = squeezed("О'Брайен & Ко", 1, "m02"), squeezed("Щукин <Пётр>", 2, "m+03")


def test_three_alerts_are_one_message_with_a_part_of_each(ask: Ask) -> None:
    title, text = ask("ru", THREE)
    assert title == f"{TITLE} (3)"
    assert text == f"{TITLE} (3)\n" + squeezed("Ёлкина Анна", 0, "m01") + SECOND + THIRD


def test_what_is_over_is_a_line_each_alone_or_below_what_is_not(ask: Ask) -> None:
    over = [{**one, "Status": "resolved"} for one in THREE]
    assert ask("en", over[:2]) == [
        "Over: A manager lives off existing customers",
        "Over: A manager lives off existing customers\n\n"
        "Over: Ёлкина Анна (Север): 0 new organisations in four weeks, 12 were to be expected\n\n"
        "Over: О'Брайен & Ко (Север): 1 new organisations in four weeks, 12 were to be expected\n",
    ]
    assert ask("ru", [over[0], *THREE[1:]]) == [
        f"{TITLE} (2)",
        f"{TITLE} (2)\n{SECOND}{THIRD}\n"
        "Закончилось: Ёлкина Анна (Север): за четыре недели новых организаций 0, ожидалось 12\n",
    ]


def test_number_that_is_not_there_and_alert_that_is_not_ours_break_nothing(ask: Ask) -> None:
    said = ask("en", [alert("manager_silent", calls_today=0)])[1].splitlines()
    assert said[2] == "Ёлкина Анна (Север): not a call while ? were to be expected; 0 today"
    disk = {"Status": "firing", "Labels": {"alertname": "Disk is full"}, "Annotations": {"summary": "91 % of /"}}
    assert ask("ru", [disk]) == [
        "Предупреждение: Disk is full",
        "Предупреждение: Disk is full\n\nDisk is full: 91 % of /\n",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_message_without_a_gap(ask: Ask, language: str) -> None:
    for one in RULES:
        title, text = ask(language, [alert(one.id, **dict.fromkeys(one.numbers, 0.25))])
        assert text.startswith(f"{title}\n\n")
        assert [gap for gap in ("<no value>", "%!", "{{", "NaN", "?;", "  ", "()") if gap in text] == []
