"""Forget people: their numbers and names are replaced everywhere, for good, and counts stay.

The order is what makes it safe while calls come in (docs/privacy.md):

1. the token gets the organisations of the number, so that calls are matched whichever of the two they carry;
2. the number is put on the list: a chunk that begins from now on cannot bring it in (`filter`);
3. what is on the wire is stored: no chunk that began before is in flight any more;
4. every table is rewritten, what agents read before and wrote meanwhile is waited for, and rewritten again, until
   nothing is found;
5. one leg of each call of the token is sent again, so that each is decided on what the tables say now;
6. old parts of tables are off the disk; then files.

Dying anywhere is safe: the same command again finds the token on the list, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.agents.update_directory import LEGS_OF
from pipeline.embedded.gate import Gate
from pipeline.endpoints import Endpoints
from pipeline.loading.sending import send_once
from pipeline.privacy.files import FileFound, rewrite_files, rewriter
from pipeline.privacy.key import digest, key_id, make_key, read_key
from pipeline.privacy.numbers import new_token, pattern, spellings
from pipeline.privacy.tables import WANTED, FoundRows, Replacement, TextTables
from pipeline.store import Store, connect, texts, tuple_of
from pipeline.transport import Transport, wait_until_stored
from schemas.errors import Terminal
from schemas.records import CallLeg
from schemas.topics import CALL_LEGS

_MOST_ROUNDS = 10
_IDLE_S = 180.0
_SHORTEST_NAME = 5
"""Characters of a name that is looked for in rejected rows: a shorter one is in other words too."""
_MOST_CALLS = 1_000_000


class ForgetReport(msgspec.Struct, kw_only=True):
    """What was touched, or would be."""

    done: bool
    numbers: int
    managers: int
    tables: list[FoundRows]
    files: list[FileFound]
    calls: int = 0
    """Calls that were decided again."""

    @property
    def left(self) -> bool:
        """Something holds it still."""
        return any(file.why_left for file in self.files) or any(found.stays for found in self.tables)


class _Person(msgspec.Struct):
    name: str
    extensions: list[str]
    mobiles: list[str]


class _Leaf(msgspec.Struct):
    digest: str
    token: str


class ForgetRun:
    """One forget of some numbers and managers. Raises Transient or Terminal; repeating it is safe."""

    def __init__(
        self, endpoints: Endpoints, key: Path | None, folders: Sequence[Path], say: Callable[[str], None]
    ) -> None:
        self._endpoints = endpoints
        self._key_file = key
        self._folders = folders
        self._say = say
        self._client = connect(endpoints.clickhouse)
        self._store = Store(self._client)
        self._tables = TextTables(self._client)

    def preview(self, numbers: Sequence[str], managers: Sequence[str]) -> ForgetReport:
        """What would be touched; nothing is."""
        tokens, names = dict.fromkeys(numbers, "-"), dict.fromkeys(self._names(managers), "-")
        with self._tables.wanting(_wanted(tokens, names)):
            found = self._tables.find(_wanted(tokens, names))
        files = rewrite_files(self._folders, _rewriter(tokens, names), write=False)
        return ForgetReport(done=False, numbers=len(numbers), managers=len(managers), tables=found, files=files)

    def forget(self, numbers: Sequence[str], managers: Sequence[str]) -> ForgetReport:
        """Do it; nothing of it is on the disk when this returns, but for what the report says is left."""
        key = self._key()
        tokens = self._tokens(key, numbers)
        pseudonyms = {manager: self._manager_token(key, manager) for manager in managers}
        names = {name: pseudonyms[manager] for manager in managers for name in self._names([manager])}
        wanted = _wanted(tokens, names)
        with ExitStack() as stack:
            if self._endpoints.data:  # while something of ours is on the way, the broker is not changed
                gate = stack.enter_context(closing(Gate(Path(self._endpoints.data))))
                gate.enter()
            stack.enter_context(self._tables.cleaning_quickly())
            stack.enter_context(self._tables.wanting(wanted))
            touched = self._tables.find(wanted)
            self._announce(tokens)
            self._keep_list(key, tokens, pseudonyms)
            self._say("waiting until what is on the wire is stored")
            self.drain()
            rewritten = self._rewrite(wanted)
            rewritten |= self._rename(pseudonyms)
            calls = self._decide_again(tokens)
            self._say("waiting until the old parts of the tables are off the disk")
            self._tables.clean(sorted(rewritten | {found.table for found in touched}))
        files = rewrite_files(self._folders, _rewriter(tokens, names), write=True)
        return ForgetReport(
            done=True, numbers=len(numbers), managers=len(managers), tables=touched, files=files, calls=calls
        )

    def mobiles(self, managers: Sequence[str]) -> list[str]:
        """Mobiles of these managers, and extensions that are long enough. Raises Terminal for who is not known."""
        found: list[str] = []
        for manager in managers:
            people = self._people(manager)
            if not people:
                raise Terminal(f"no manager {manager!r} is known: `callfunnel activity` lists the ids")
            found += [
                ext for one in people for ext in (*one.extensions, *one.mobiles) if sum(map(str.isdigit, ext)) >= 7
            ]
        return list(dict.fromkeys(found))

    def _people(self, manager: str) -> list[_Person]:
        sql = f"SELECT name, extensions, mobiles FROM managers WHERE manager_id IN ({texts([manager])})"
        return self._store.rows(msgspec.json.Decoder(_Person), sql)

    def _names(self, managers: Sequence[str]) -> list[str]:
        names = {one.name for manager in managers for one in self._people(manager)}
        return sorted((name for name in names if name and not name.startswith("Manager #")), key=lambda n: (-len(n), n))

    def _key(self) -> bytes:
        if self._key_file is None:
            raise Terminal(
                "name the file of the key in CALLFUNNEL_PRIVACY_KEY (it is made when it is not there), and give every"
                " worker the same file: docs/privacy.md"
            )
        return read_key(self._key_file) or make_key(self._key_file)

    def _listed(self, digests: Sequence[str]) -> dict[str, str]:
        sql = f"SELECT digest, token FROM forgotten WHERE digest IN ({texts(digests)})"
        return {row.digest: row.token for row in self._store.rows(msgspec.json.Decoder(_Leaf), sql)}

    def _tokens(self, key: bytes, numbers: Sequence[str]) -> dict[str, str]:
        """Number -> token: the one it has, or a new one."""
        listed = self._listed([digest(key, "phone", number.lstrip("+")) for number in numbers])
        return {number: listed.get(digest(key, "phone", number.lstrip("+"))) or new_token() for number in numbers}

    def _manager_token(self, key: bytes, manager: str) -> str:
        known = self._listed([digest(key, "manager", manager)])
        return next(iter(known.values()), "") or f"Manager #{new_token()[-6:]}"

    def _announce(self, tokens: dict[str, str]) -> None:
        """The organisations of the numbers have the tokens, too; nothing is taken away yet."""
        number = f"(SELECT any(text) FROM {WANTED} WHERE n = {{n}})"
        token = f"(SELECT any(token) FROM {WANTED} WHERE n = {{n}})"
        for n, _ in enumerate(tokens):
            mine, its = number.format(n=n), token.format(n=n)
            self._tables.command(
                "INSERT INTO organisation_phones (phone, organisation_id, retracted, version)"
                f" SELECT {its}, organisation_id, retracted, version FROM organisation_phones WHERE phone = {mine}"
            )
            self._tables.command(
                f"ALTER TABLE organisations UPDATE phones = arrayPushBack(phones, coalesce({its}, '')) WHERE"
                f" has(phones, coalesce({mine}, '-')) AND NOT has(phones, coalesce({its}, ''))",
                mutations_sync=2,
            )
        self._changed_directory()

    def _changed_directory(self) -> None:
        """Workers drop what they remember of the directory."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._tables.insert("directory_log", [{"at": now, "what": "forgotten", "records": 1}])

    def _keep_list(self, key: bytes, tokens: dict[str, str], pseudonyms: dict[str, str]) -> None:
        entries = [
            ("phone", digest(key, "phone", digits), token)
            for number, token in tokens.items()
            for digits in spellings(number)
        ]
        entries += [("manager", digest(key, "manager", one), name) for one, name in pseudonyms.items()]
        listed = self._listed([entry[1] for entry in entries])
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._tables.insert(
            "forgotten",
            [
                {"kind": kind, "digest": one, "token": token, "key_id": key_id(key), "at": now}
                for kind, one, token in entries
                if one not in listed
            ],
        )

    def drain(self) -> None:
        """Return once everything that is on the wire now is stored, and what follows from it."""
        with closing(Transport(self._endpoints)) as transport:
            wait_until_stored(transport, {}, transport.topic_ids(), idle_s=_IDLE_S)

    def _rename(self, pseudonyms: dict[str, str]) -> set[str]:
        """The names of the managers themselves; by their ids, since others may have the same name."""
        for manager, name in pseudonyms.items():
            who = f"manager_id IN ({texts([manager])})"
            self._tables.command(f"ALTER TABLE managers UPDATE name = '{name}' WHERE {who}", mutations_sync=2)
        if pseudonyms:
            self._changed_directory()
        return {"managers"} if pseudonyms else set()

    def _rewrite(self, wanted: Sequence[Replacement]) -> set[str]:
        """Tables that were rewritten."""
        tables: set[str] = set()
        for number in range(1, _MOST_ROUNDS + 1):
            found = [one for one in self._tables.find(wanted) if not one.stays]
            if not found:
                return tables
            tables |= {one.table for one in found}
            self._say(f"rewriting {', '.join(sorted({one.table for one in found}))} (round {number})")
            self._tables.rewrite(wanted, found)
            self._changed_directory()
            # What agents read before and write now: they begin each chunk anew, so that this ends.
            self.drain()
        raise Terminal("something keeps bringing it back: is a worker of an older version running? stop it, repeat")

    def _decide_again(self, tokens: dict[str, str]) -> int:
        """One leg of each call of the tokens is sent again."""
        sql = LEGS_OF.format(
            condition=f"contact IN ({texts(tokens.values())})", after=tuple_of(("", "")), n=_MOST_CALLS
        )
        legs = self._store.rows(msgspec.json.Decoder(CallLeg), sql) if tokens else []
        if legs:
            ends = send_once(self._endpoints, CALL_LEGS, legs)
            with closing(Transport(self._endpoints)) as transport:
                wait_until_stored(transport, ends, transport.topic_ids(), idle_s=_IDLE_S)
        return len(legs)


def _wanted(tokens: dict[str, str], names: dict[str, str]) -> list[Replacement]:
    numbers = [Replacement(token, pattern=pattern(number), text=number) for number, token in tokens.items()]
    return numbers + [Replacement(token, text=name) for name, token in names.items() if len(name) >= _SHORTEST_NAME]


def _rewriter(tokens: dict[str, str], names: dict[str, str]) -> Callable[[str], tuple[str, int]]:
    digits = {way: token for number, token in tokens.items() for way in spellings(number)}
    return rewriter(digits, {name: token for name, token in names.items() if len(name) >= _SHORTEST_NAME})


def destroy_list(endpoints: Endpoints) -> int:
    """Empty the list: what was forgotten is not recognised any more. How many entries it had."""
    tables = TextTables(connect(endpoints.clickhouse))
    count = int(tables.query("SELECT count() FROM forgotten")[0][0])
    tables.command("ALTER TABLE forgotten DELETE WHERE 1", mutations_sync=2)
    return count
