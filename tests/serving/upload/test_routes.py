"""The page's routes without a browser: who may, what is refused, what is left behind."""

from __future__ import annotations

import errno
import http.client
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import pytest
from aiohttp import web

from connectors.http.gates import Token
from connectors.http.serving import Address, Guard, RequestLimits
from pipeline.endpoints import Endpoints
from pipeline.serving.upload.routes import Pages
from pipeline.settings import read_settings
from pipeline.store import Store
from schemas.errors import Transient
from tests.connectors.http.listener import TOKEN, HttpAnswer, Listener, listening
from tests.connectors.live.sinks import until
from tests.connectors.rows import many

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"X-Callfunnel": "page"}
ASKED = '{"source": "office", "tz": "Europe/Moscow"}'


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Site(NamedTuple):
    listener: Listener
    folder: Path
    clock: Clock

    def log_in(self, token: str = TOKEN, **headers: str) -> HttpAnswer:
        return self.listener.ask("POST", "/login", urlencode({"token": token}), {**FORM, **headers})

    def cookie(self) -> dict[str, str]:
        """Of somebody who has logged in just now, and asks from the page."""
        return {**PAGE, "Cookie": self.log_in().headers["Set-Cookie"].partition(";")[0]}

    def upload(self, headers: dict[str, str], content: str | bytes, name: str = "Master.csv") -> HttpAnswer:
        return self.listener.ask("POST", f"/upload?name={quote(name)}", content, headers)

    def post(self, path: str, headers: dict[str, str], body: str = ASKED) -> HttpAnswer:
        return self.listener.ask("POST", path, body, {**headers, "Content-Type": "application/json"})


def away() -> tuple[Endpoints, Store]:
    raise Transient("clickhouse: nobody answers")


@contextmanager
def site(folder: Path, *, most_bytes: int = 1 << 20, public_url: str = "") -> Iterator[Site]:
    clock = Clock()
    # The listener makes its own guard; the pages get one with the same token and address.
    guard = Guard(Token(TOKEN, "T"), Address(host="127.0.0.1", port=0, public_url=public_url), RequestLimits())
    made: list[Pages] = []

    def add(application: web.Application) -> None:
        made.append(Pages(guard, read_settings({"TZ": "UTC"}), "branch", away, folder, most_bytes, clock))
        made[0].add(application)

    with listening(pages=[add], public_url=public_url) as listener:
        yield Site(listener, folder, clock)


def test_login_gives_a_cookie_that_no_script_and_no_other_site_gets(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        said = one.log_in()
        assert (said.status, said.headers["Location"]) == (303, "/")
        cookie = said.headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
            assert part in cookie
        assert "Secure" not in cookie
        assert TOKEN not in cookie
    with site(tmp_path / "uploads", public_url="https://calls.example") as one:
        assert "Secure" in one.log_in().headers["Set-Cookie"]


def test_wrong_token_gets_no_cookie(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        said = one.log_in("not the token at all")
        assert said.status == 401
        assert "Set-Cookie" not in said.headers
        assert b'id="wrong" class' in said.body
        assert one.log_in(TOKEN, Origin="https://elsewhere.example").status == 403


def test_every_route_of_the_page_asks_who_it_is(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        for method, path in (
            *(("GET", "/upload/options"), ("POST", "/upload?name=a.csv"), ("POST", "/upload/x/look")),
            *(("POST", "/upload/x/load"), ("GET", "/upload/x"), ("GET", "/upload/x/rejects/0")),
            *(("DELETE", "/upload/x"), ("POST", "/logout")),
        ):
            assert one.listener.ask(method, path, "", PAGE).status == 401, path
        assert b'action="/login"' in one.listener.ask("GET", "/", "", {}).body
        assert list(one.folder.iterdir()) == []


def test_what_another_site_makes_a_browser_send_is_refused(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        bare = {"Cookie": cookie["Cookie"]}
        assert one.upload(bare, "a").status == 403
        assert one.upload({**cookie, "Origin": "https://elsewhere.example"}, "a").status == 403
        assert one.upload({**cookie, "Origin": one.listener.address}, "a").status == 200


def test_session_ends_by_logging_out_and_after_half_a_day(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        first, second = one.cookie(), one.cookie()
        assert one.listener.ask("POST", "/logout", "", first).status == 200
        assert one.listener.ask("GET", "/upload/options", "", first).status == 401
        assert one.listener.ask("GET", "/upload/options", "", second).json["time_zone"] == "UTC"
        one.clock.now += 12 * 3600 + 1
        assert one.listener.ask("GET", "/upload/options", "", second).status == 401


def test_pages_let_no_stranger_frame_them_or_script_them(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        for headers in ({}, one.cookie()):
            said = one.listener.ask("GET", "/", "", headers)
            assert "frame-ancestors 'none'" in said.headers["Content-Security-Policy"]
            assert "script-src 'self'" in said.headers["Content-Security-Policy"]
            assert said.headers["Cache-Control"] == "no-store"
            assert b"<script>" not in said.body
            assert b"style=" not in said.body
        for name in re.findall(r'"(/page/[\w.]+)"', said.body.decode()):
            assert one.listener.ask("GET", name, "", {}).status == 200
        assert one.listener.ask("GET", "/page/..%2froutes.py", "", {}).status == 404


def test_file_is_looked_at_in_the_words_of_explain(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        id_ = one.upload(cookie, "".join(many(20))).json["id"]
        found = one.post(f"/upload/{id_}/look", cookie).json
        (table,) = found["tables"]
        assert found["failed"] == []
        assert (table["name"], table["kind"], table["zone"]) == ("Master.csv", "calls", "Europe/Moscow")
        assert table["words"][0] == "Master.csv: asterisk-csv, cdr_csv, 21 columns"
        assert any(line.startswith("zone: 20 of 20 rows checked agree") for line in table["words"])
        assert table["words"][-1].startswith("PJSIP/provider is taken for a line")
        assert len(table["rows"]) == 8
        assert table["rows"][0]["fields"]["contact"] == "+74950000001"
        no_zone = one.post(f"/upload/{id_}/look", cookie, "{}").json
        assert no_zone["tables"] == []
        assert "an export does not say its time zone" in no_zone["failed"][0]
        # The calls of an export are those of the exchange that the listener listens to: another name counts them twice.
        assert "under [sources.branch]" in no_zone["failed"][0]
        assert str(tmp_path) not in str(no_zone)


def test_table_is_told_from_its_columns_or_its_kind_is_asked_for(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        people = one.upload(cookie, "id,name,extensions\nm1,Anna,101\n", "people.csv").json["id"]
        (table,) = one.post(f"/upload/{people}/look", cookie).json["tables"]
        assert (table["kind"], table["rows"][0]["fields"]["extensions"]) == ("managers", ["101"])
        nothing = one.upload(cookie, "a,b\n1,2\n", "nothing.csv").json["id"]
        found = one.post(f"/upload/{nothing}/look", cookie).json
        assert found["tables"] == []
        assert found["failed"][0].startswith("nothing.csv: not recognised as an export of calls")
        assert one.post(f"/upload/{nothing}/load", cookie).status == 422


@pytest.mark.parametrize("body", ["", "[]", '{"kind": "spam"}', '{"profile": "spam"}', '{"rejects": "/etc"}', "\xff"])
def test_wish_that_there_is_not_is_refused(tmp_path: Path, body: str) -> None:
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        id_ = one.upload(cookie, "".join(many(3))).json["id"]
        assert one.post(f"/upload/{id_}/look", cookie, body).status == 400


def test_file_that_is_too_large_or_empty_leaves_nothing(tmp_path: Path) -> None:
    with site(tmp_path / "uploads", most_bytes=1 << 20) as one:
        cookie = one.cookie()
        said = one.upload(cookie, b"x" * ((1 << 20) + 1))
        assert (said.status, said.json["error"][:24]) == (413, "a file may have 1 MB: us")
        assert one.upload(cookie, b"").status == 400
        assert _chunked(one, cookie, b"x" * 300_000, 5) == 413
        assert list(one.folder.iterdir()) == []


def _chunked(one: Site, headers: dict[str, str], chunk: bytes, times: int) -> int:
    """The status of an upload that does not say its length before."""
    where = urlsplit(one.listener.address)
    connection = http.client.HTTPConnection(str(where.hostname), where.port or 0, timeout=60)
    try:
        connection.request("POST", "/upload?name=a", iter([chunk] * times), headers, encode_chunked=True)
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413  # it hung up before all was sent, as it may
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\exports\\звонки за май.csv", "звонки за май.csv"),
        ("..", "upload"),
        (".hidden", "hidden"),
        ("a\n<b>.csv", "a__b_.csv"),
        ("x" * 300 + ".csv", "x" * 96 + ".csv"),
    ],
)
def test_name_of_a_file_stays_in_its_folder(tmp_path: Path, name: str, kept: str) -> None:
    with site(tmp_path / "uploads") as one:
        said = one.upload(one.cookie(), "a", name)
        assert said.json["name"] == kept
        (path,) = (path for path in one.folder.rglob("*") if path.is_file())
        assert path.name == kept
        assert path.stat().st_mode & 0o777 == 0o600
        assert one.folder.stat().st_mode & 0o777 == 0o700


def test_files_are_few_and_forgotten_after_an_hour_or_when_room_is_wanted(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        ids = [one.upload(cookie, "a").json["id"] for _ in range(8)]
        assert one.upload(cookie, "a").status == 503
        assert one.listener.ask("DELETE", f"/upload/{ids[0]}", "", cookie).status == 200
        assert one.upload(cookie, "a").status == 200
        one.clock.now += 200
        assert one.post(f"/upload/{ids[1]}/look", cookie).status == 200
        one.clock.now += 200
        assert one.upload(cookie, "a").status == 200, "of pages that were closed none stands in the way for an hour"
        assert len(list(one.folder.iterdir())) == 2
        assert one.post(f"/upload/{ids[1]}/look", cookie).status == 200
        one.clock.now += 3601
        assert one.upload(cookie, "a").status == 200
        assert len(list(one.folder.iterdir())) == 1
        assert one.post(f"/upload/{ids[1]}/look", cookie).status == 404
    assert not one.folder.exists()


def test_disk_that_is_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, mode: str) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        monkeypatch.setattr(Path, "open", full)
        said = one.upload(cookie, "a")
        monkeypatch.undo()
        assert (said.status, said.json["error"][-25:]) == (507, ": No space left on device")
        assert list(one.folder.iterdir()) == []


def test_what_lay_there_from_before_a_kill_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "uploads" / "x" / "Master.csv"
    left.parent.mkdir(parents=True)
    left.write_text("personal")
    with site(tmp_path / "uploads"):
        assert not left.exists()


def test_load_that_cannot_be_says_why_and_removes_the_file(tmp_path: Path) -> None:
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        id_ = one.upload(cookie, "".join(many(3))).json["id"]
        assert one.listener.ask("GET", f"/upload/{id_}", "", cookie).status == 409
        assert one.post(f"/upload/{id_}/load", cookie).status == 200
        until(lambda: _state(one, id_, cookie)["state"] == "failed")
        words = "clickhouse: nobody answers. Not everything is stored; loading the file again is safe"
        assert _state(one, id_, cookie)["words"] == words
        assert not list(one.folder.rglob("*.csv"))
        assert one.post(f"/upload/{id_}/load", cookie).status == 409
        assert one.post(f"/upload/{id_}/look", cookie).status == 409
        assert one.listener.ask("GET", f"/upload/{id_}/rejects/0", "", cookie).status == 404


def _state(one: Site, id_: str, cookie: dict[str, str]) -> Any:
    return one.listener.ask("GET", f"/upload/{id_}", "", cookie).json


def test_many_may_look_at_once(tmp_path: Path) -> None:
    """A form that is changed twice asks twice."""
    with site(tmp_path / "uploads") as one:
        cookie = one.cookie()
        id_ = one.upload(cookie, "".join(many(200))).json["id"]
        said: list[int] = []
        threads = [
            threading.Thread(target=lambda: said.append(one.post(f"/upload/{id_}/look", cookie).status))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert said == [200] * 6
