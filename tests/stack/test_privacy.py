"""A person is forgotten while calls come in: counts stay, the disk holds nothing, a reload brings nothing back."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.parts.losses import find_losses
from pipeline.store import Store
from tests.stack.deployment import CLI, Deployment

pytestmark = pytest.mark.stack

NUMBER, SPELT = "+79161234567", ("89161234567", "+79161234567", "79161234567")
MOBILE = "89031112233"
DIGITS = ("9161234567", "9031112233")
NAME = "Пётр Забываемый"
FIRST_DAYS = ("--from", "2026-10-05", "--to", "2026-10-08")
"""Those of the first file; the second one's begin after them."""


def legs(first: datetime, count: int, *, of: int, start: int = 0) -> str:
    """Rows of Asterisk's Master.csv, five minutes apart: every `of`-th call is the person's, in all spellings."""
    rows = []
    for number in range(start, start + count):
        at = first + timedelta(minutes=5 * number)
        outside = SPELT[number // of % 3] if number % of == 0 else f"8495{number % 50:07d}"
        inside = MOBILE if number % 7 == 3 else "101" if number % 2 else "102"
        times = [f"{at + timedelta(seconds=s):%Y-%m-%d %H:%M:%S}" for s in (0, 5, 65)]
        id_ = f"{int(at.timestamp())}.{number}"
        ends = (inside, outside) if number % 3 else (outside, inside)
        channels = [f"SIP/{inside}-0", f"SIP/trunk-{number}"]
        if not number % 3:
            channels.reverse()
        application = f"SIP/trunk/{outside},30"
        rows.append(
            ",".join(f'"{cell}"' for cell in ("", *ends, "office", "", *channels, "Dial", application))
            + f',"{times[0]}","{times[1]}","{times[2]}",65,60,"ANSWERED","DOCUMENTATION","{id_}",""'
        )
    return "\n".join(rows) + "\n"


def everything(deployment: Deployment) -> dict[str, Any]:
    """What readers are told of the period."""
    return {
        name: json.loads(deployment.run(name, *FIRST_DAYS, *more, "--json").stdout)
        for name, more in (("activity", ("--by", "manager,day")), ("funnel", ()))
    }


def texts_with_digits(deployment: Deployment) -> list[str]:
    """Columns of text that hold a number of the person, rows that are not folded yet among them."""
    columns = deployment.client.query(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND position(type, 'String') > 0"
        " AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')"
    ).result_rows
    found = []
    for table, name in columns:
        wanted = " OR ".join(f"position(toString({name}), '{text}') > 0" for text in (*DIGITS, NAME))
        if deployment.number(f"SELECT countIf({wanted}) FROM {table}"):
            found.append(f"{table}.{name}")
    return found


def files_with_digits(folder: Path) -> list[str]:
    """Files under a folder in which a number of the person stands plainly, in packed ones too."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            plain = re.sub(rb"[ ()-]", b"", content)
            if any(text.encode() in plain for text in DIGITS) or NAME.encode() in content:
                found.append(str(path.relative_to(folder)))
    return found


def test_forgotten_person_leaves_counts_and_nothing_else(embedded: Deployment) -> None:
    embedded.env["CALLFUNNEL_PRIVACY_KEY"] = str(embedded.folder / "privacy.key")
    embedded.env["CALLFUNNEL_AUDIT"] = str(embedded.folder / "audit.log")
    embedded.start()
    mine = embedded.folder / "mine"
    mine.mkdir()
    begin = datetime(2026, 10, 5, 9, tzinfo=UTC)
    (mine / "managers.csv").write_text(
        f"id,name,team,extensions,valid_from\nm1,{NAME},a,101;{MOBILE},2026-01-01\nm2,Анна,a,102,2026-01-01\n", "utf-8"
    )
    (mine / "organisations.csv").write_text("id,name,phones\no1,Ромашка,8 (916) 123-45-67; 8 495 000-00-11\n", "utf-8")
    first = legs(begin, 600, of=4) + legs(begin, 1, of=1, start=601).replace("2026-", "9999x")
    (mine / "calls.csv").write_text(first, "utf-8")
    (mine / "more.csv").write_text(legs(begin, 2500, of=3, start=1000), "utf-8")
    for kind in ("managers", "organisations"):
        embedded.loading(mine / f"{kind}.csv", kind=kind).outcome()
    assert embedded.run("load", str(mine / "calls.csv"), "--tz", "UTC").returncode == 1, "one row is rejected"
    done = embedded.folder / "watched" / "done"
    done.mkdir(parents=True)
    (done / "calls.csv.gz").write_bytes(gzip.compress(first.encode()))
    (done / "calls.89161234567.csv").write_text(first, "utf-8")
    before = everything(embedded)
    whom = ("--phone", "8 (916) 123-45-67", "--manager", "m1", "--files", str(done.parent))
    looked = json.loads(embedded.run("forget", *whom, "--json").stdout)
    assert {one["table"] for one in looked["tables"]} >= {"call_legs", "placements", "rejected"}
    assert texts_with_digits(embedded), "a preview changes nothing"

    more = [*CLI, "load", str(mine / "more.csv"), "--tz", "UTC"]
    loading = subprocess.Popen(more, env=embedded.env, cwd=embedded.folder, stdout=subprocess.DEVNULL)
    embedded.wait_for_legs(601)
    forgot = embedded.run("forget", *whom, "--files", str(embedded.folder / "rejects"), "--yes")
    assert forgot.returncode == 0, forgot.stdout + forgot.stderr
    assert not any(digits in forgot.stdout for digits in (*DIGITS, NAME))
    assert loading.wait(240) == 0

    assert everything(embedded) == before
    assert texts_with_digits(embedded) == []
    assert embedded.number("SELECT count() FROM system.parts WHERE NOT active AND table = 'call_legs'") == 0
    assert files_with_digits(embedded.folder) == ["mine/calls.csv", "mine/managers.csv", "mine/more.csv",
                                                  "mine/organisations.csv"]  # fmt: skip
    assert embedded.number("SELECT count() FROM call_legs FINAL") == 3100
    matched = "SELECT count() FROM activities FINAL WHERE contact IN (SELECT phone FROM organisation_phones FINAL)"
    assert embedded.number(f"{matched} AND startsWith(contact, '+888')") > 700, "the person's calls"
    assert embedded.number(f"{matched} AND organisation_id != 'o1'") == 0, "all are still the organisation's"
    verified = embedded.run("verify", "--from", "2026-10-01", "--to", "2026-11-01")
    assert verified.returncode == 0, verified.stdout + verified.stderr

    assert find_losses(Store(embedded.client)) == [], "what was replaced is not called lost"

    stands = everything(embedded), embedded.content()
    for kind in ("managers", "organisations"):
        embedded.loading(mine / f"{kind}.csv", kind=kind).outcome()
    assert embedded.run("load", str(mine / "calls.csv"), "--tz", "UTC").returncode == 1
    assert embedded.run("load", str(mine / "more.csv"), "--tz", "UTC").returncode == 0
    named = mine / "calls of 89161234567.csv"
    named.write_text(first, "utf-8")
    assert embedded.run("load", str(named), "--tz", "UTC").returncode == 1
    assert (everything(embedded), embedded.content()) == stands, "loading the old exports again changes nothing"
    assert texts_with_digits(embedded) == []
    assert "rejects" not in "".join(files_with_digits(embedded.folder))
    lines = [json.loads(line) for line in (embedded.folder / "audit.log").read_text("utf-8").splitlines()]
    assert [line["action"] for line in lines].count("forget") == 1
    assert not any(digits in (embedded.folder / "audit.log").read_text("utf-8") for digits in DIGITS)

    key = embedded.folder / "privacy.key"
    asked = embedded.run("forget", "--destroy-key")
    assert (asked.returncode, key.exists()) == (0, True), "without --yes nothing is destroyed"
    destroyed = embedded.run("forget", "--destroy-key", "--yes")
    assert (destroyed.returncode, key.exists()) == (0, False), destroyed.stderr
    assert embedded.number("SELECT count() FROM forgotten") == 0, "nothing leads back"
    again = embedded.run("forget", "--destroy-key", "--yes")
    assert (again.returncode, "Traceback" in again.stderr) == (2, False), again.stdout
    late = mine / "late.csv"
    late.write_text(legs(begin + timedelta(days=20), 8, of=1, start=5000), "utf-8")
    assert embedded.run("load", str(late), "--tz", "UTC").returncode == 0, "the worker goes on"
    assert embedded.number(f"SELECT uniqExact(call_id) FROM call_legs FINAL WHERE contact = '{NUMBER}'") > 0


SETTINGS = """
time_zone = "UTC"
[retention]
raw_numbers = "60 days"
legs = "370 days"
rejects = "30 days"
[privacy]
mask = true
"""


def test_facts_go_when_their_time_is_over_and_counts_stay(embedded: Deployment) -> None:
    (embedded.folder / "callfunnel.toml").write_text(SETTINGS, "utf-8")
    embedded.env["CALLFUNNEL_CONFIG"] = str(embedded.folder / "callfunnel.toml")
    embedded.start()
    (embedded.folder / "m.csv").write_text("id,name,team,extensions,valid_from\nm1,A,a,101;102,2020-01-01\n", "utf-8")
    now = datetime.now(UTC)
    old, middle, new = now - timedelta(days=500), now - timedelta(days=100), now - timedelta(days=5)
    (embedded.folder / "old.csv").write_text(legs(old, 50, of=4), "utf-8")
    (embedded.folder / "middle.csv").write_text(legs(middle, 40, of=4, start=200), "utf-8")
    (embedded.folder / "new.csv").write_text(legs(new, 50, of=4, start=100), "utf-8")
    embedded.loading(embedded.folder / "m.csv", kind="managers").outcome()
    for name in ("old.csv", "middle.csv", "new.csv"):
        assert embedded.run("load", name, "--tz", "UTC").returncode == 0
    ever = ("--from", f"{old - timedelta(days=3):%Y-%m-%d}")
    before = json.loads(embedded.run("activity", *ever, "--by", "manager,day", "--json").stdout)
    preview = json.loads(embedded.run("retention", "--json").stdout)
    calls = ("call_legs", "placements", "activities")
    counts = {(one["what"], one["where"]): one["count"] for one in preview}
    assert {where: counts["legs", where] for where in calls} == dict.fromkeys(calls, 50)
    assert {where: counts["raw_numbers", where] for where in calls} == dict.fromkeys(calls, 90)
    contacts = (
        "SELECT uniqExact(contact) FROM activities FINAL WHERE bucket < now() - INTERVAL 60 DAY AND bucket > '{}'"
    )
    distinct = embedded.number(contacts.format(f"{middle - timedelta(days=1):%Y-%m-%d}"))
    keyless = embedded.run("retention", "--yes")
    assert (keyless.returncode, "CALLFUNNEL_PRIVACY_KEY" in keyless.stderr) == (2, True)
    assert embedded.number("SELECT count() FROM retained_from") == 0, "nothing went before it was looked at"
    embedded.env["CALLFUNNEL_PRIVACY_KEY"] = str(embedded.folder / "privacy.key")
    gone = embedded.run("retention", "--yes")
    assert gone.returncode == 0, gone.stderr
    for table in calls:
        assert embedded.number(f"SELECT count() FROM {table} FINAL") == 90
    assert embedded.number(contacts.format("2020-01-01")) == distinct > 10, "distinct ones stay distinct"
    for table, at in (
        {"call_legs": "started_at", "manager_activity": "bucket"} | dict.fromkeys(calls[1:], "bucket")
    ).items():
        clear = (
            f"match(toJSONString(tuple(*)), '\\+7[0-9]{{10}}|[^0-9][78]?9161234567') AND {at} < now() - INTERVAL 60 DAY"
        )
        assert embedded.number(f"SELECT count() FROM {table} WHERE {clear}") == 0, f"{table} holds a number in clear"
    assert embedded.number("SELECT count() FROM call_legs FINAL WHERE contact = '" + NUMBER + "'") > 10, "of these days"
    assert json.loads(embedded.run("activity", *ever, "--by", "manager,day", "--json").stdout) == before
    verified = embedded.run("verify", *ever)
    assert (verified.returncode, "calls are kept from" in verified.stderr) == (0, True), verified.stdout

    assert find_losses(Store(embedded.client)) == [], "what retention took away is not called lost"

    (of_old,) = [one for one in json.loads(embedded.run("imports", "--json").stdout) if one["file"] == "old.csv"]
    undone = embedded.run("undo", of_old["import_id"], "--yes")
    assert (undone.returncode, "what was counted of them stays" in undone.stderr) == (2, True), undone.stdout

    late = embedded.run("load", "old.csv", "--tz", "UTC")
    assert embedded.number("SELECT count() FROM rejected FINAL WHERE reason = 'past_retention'") == 50, late.stdout
    assert json.loads(embedded.run("activity", *ever, "--by", "manager,day", "--json").stdout) == before
    assert embedded.run("load", "middle.csv", "--tz", "UTC").returncode == 1, "its numbers would stand beside tokens"
    assert embedded.number("SELECT count() FROM rejected FINAL WHERE reason = 'past_retention'") == 90
    assert embedded.number("SELECT count() FROM rejected WHERE payload != ''") == 0
    assert json.loads(embedded.run("activity", *ever, "--by", "manager,day", "--json").stdout) == before
    assert embedded.number("SELECT count() FROM call_legs FINAL") == 90
    assert json.loads(embedded.run("retention", "--yes", "--json").stdout) == [], "a second run finds nothing"

    hidden = json.loads(embedded.run("calls", "--json").stdout)
    assert {call["contact"] for call in hidden if call["contact"]} > {"+7 916 ***-**-67"}
    assert not any(re.search(r"\d{7}", call["contact"]) for call in hidden)
    shown = json.loads(embedded.run("calls", "--json", "--show-numbers", "--contact", NUMBER).stdout)
    assert {call["contact"] for call in shown} == {NUMBER}
    assert len(json.loads(embedded.run("calls", "--json", "--contact", NUMBER).stdout)) == len(shown)
