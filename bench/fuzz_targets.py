"""What `bench.fuzz` reads: every source's golden files, and how bytes of each are read into items."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.asterisk.ami.cdr import CdrEvents
from connectors.asterisk.ami.cel import CelEvents
from connectors.asterisk.ami.messages import AmiMessages
from connectors.freeswitch.esl.cdr import HangupEvents
from connectors.freeswitch.esl.messages import EslMessages
from connectors.http.reading import ROUTES, Route
from connectors.http.webhook import Answered, form
from connectors.mapped.source import MappedSource
from connectors.reading.parts import parts
from connectors.reading.sample import Sample
from connectors.reading.source import Context, Hints, Source
from connectors.recognise import choose
from connectors.registry import CALLS, CRM, HOOKS, LINES
from connectors.tcp.lines import Lines
from schemas.errors import Terminal
from schemas.records import Record, Rejected
from tests.connectors import webhook_requests as webhooks
from tests.connectors.asterisk.ami.peer import event as ami_event
from tests.connectors.asterisk.ami.test_cel import event_bytes as ami_cel
from tests.connectors.asterisk.cel_rows import inbound
from tests.connectors.conftest import context
from tests.connectors.freeswitch.esl.peer import as_json, event, message, plain
from tests.connectors.golden import CASES as FILES
from tests.connectors.http.listener import call
from tests.connectors.mapped.test_mapped import CASES as MAPPED
from tests.connectors.mapped.test_mapped import HERE as MAPPED_FOLDER
from tests.connectors.mapped.test_mapped import mapping
from tests.connectors.packed.containers import cells, gzipped, opendocument, workbook, zipped
from tests.connectors.rows import NINE
from tests.connectors.test_golden import file_of

Items = list[Record | Rejected]
Read = Callable[[bytes, Context], tuple[int, Items]]
"""(bytes, context) to (data rows that were counted, the items read). Raises Terminal, and nothing else."""


class Case(NamedTuple):
    """A golden file, and how its items are read."""

    name: str
    seed: bytes
    read_context: Context
    read: Read


def targets() -> dict[str, tuple[Case, ...]]:
    """The cases of every target by its name: profiles, kinds of tables, doors."""
    found: dict[str, list[Case]] = {}
    for path in FILES:
        settings = json.loads(path.read_text(encoding="utf-8"))
        kind, source = settings.get("kind", "calls"), path.parent.name.replace("_", "-")
        case = _file(path, settings, CRM[kind] if kind in CRM else next(one for one in CALLS if one.profile == source))
        found.setdefault(kind if kind in CRM else source, []).append(case)
        if kind == "calls":
            found.setdefault("any-source", []).append(case._replace(read=_any_source))
    return {
        **{name: tuple(cases) for name, cases in found.items()},
        "mapped": tuple(map(_mapped, MAPPED)),
        "packed": tuple(_packed()),
        "workbook": tuple(_workbooks()),
        **{f"tcp-{name}": tuple(_tcp(name, found[name])) for name in LINES},
        "ami": (Case("cdr", b"".join(ami_event(n, NINE, ids=n != 2) for n in range(1, 4)), context(), _ami),),
        "ami-cel": (Case("cel", b"".join(map(ami_cel, [*inbound(1, 0), *inbound(2, 90)])), context(), _ami_cel),),
        "esl": tuple(_esl()),
        **{f"http{route.path.replace('/', '-')}": tuple(_http(route)) for route in ROUTES},
        **{f"webhook-{kind}": tuple(_webhooks(kind)) for kind in HOOKS},
    }


_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def _written(data: bytes) -> Path:
    path = _FOLDER / "export"
    path.write_bytes(data)
    return path


def _file(path: Path, settings: dict[str, object], source: Source) -> Case:
    read_context = context(
        str(settings["tz"]),
        region=settings.get("region", "RU"),
        trunks=tuple(settings.get("trunks", ())),  # type: ignore[arg-type]  # a list of names
        extension_pattern=settings.get("extensions", r"\d{2,5}"),
    )
    columns: tuple[str, ...] = tuple(settings.get("columns", ()))  # type: ignore[arg-type]  # the same
    return Case(path.stem, file_of(path, settings).read_bytes(), read_context, partial(_of_file, source, columns))


def _of_file(source: Source, columns: tuple[str, ...], data: bytes, read_context: Context) -> tuple[int, Items]:
    path = _written(data)
    seen = source.recognise(Sample(path), Hints(region=read_context.region, columns=columns))
    if seen is None:
        raise Terminal(f"{path}: not recognised")
    reading = source.read(path, seen, read_context)
    items = list(reading)
    if reading.bytes_read != reading.bytes_total and items:
        raise AssertionError(f"{reading.bytes_read} of {reading.bytes_total} bytes were read")
    return reading.rows, items


def _any_source(data: bytes, read_context: Context) -> tuple[int, Items]:
    """As `load` reads a file: whichever source recognises it."""
    rows, items = 0, []
    for part in parts(_written(data)):
        source, seen = choose(Sample(part), "calls", "auto", read_context.region)
        reading = source.read(part, seen, read_context)
        items += list(reading)
        rows += reading.rows
    return rows, items


def _mapped(case: dict[str, str]) -> Case:
    seed = (MAPPED_FOLDER / "files" / case["file"]).read_bytes()
    read_context = context(region=case.get("region", "RU"))
    return Case(
        f"{case['file']}-{case['kind']}", seed, read_context, partial(_of_file, MappedSource("m", mapping(case)), ())
    )


def _packed() -> list[Case]:
    seeds = {path.stem: file_of(path, json.loads(path.read_text(encoding="utf-8"))).read_bytes() for path in FILES}
    few = {name: seeds[name] for name in ("usual_12", "cabinet_semicolons", "both_legs")}
    packed = {
        "gz": gzipped(few["usual_12"]),
        "zip": zipped({f"{name}.csv": content for name, content in few.items()}),
        "gz-in-zip": zipped({"a.csv.gz": gzipped(few["usual_12"])}),
    }
    return [Case(name, content, context(), _any_source) for name, content in packed.items()]


def _workbooks() -> list[Case]:
    path = next(path for path in FILES if path.stem == "cabinet_semicolons")
    text = path.with_suffix(".csv").read_text(encoding="utf-8-sig")
    table = cells(text, ";")
    return [
        Case("xlsx", workbook(Calls=table), context(), _any_source),
        Case("ods", opendocument(table), context(), _any_source),
    ]


def _tcp(profile: str, files: Sequence[Case]) -> list[Case]:
    def read(data: bytes, read_context: Context) -> tuple[int, Items]:
        lines, cut = Lines(), len(data) // 3
        got = [*lines.feed(data[:cut]), *lines.feed(data[cut:]), *lines.end()]
        at_once = Lines()
        assert [*at_once.feed(data), *at_once.end()] == got, "a cut of the bytes changes the lines"
        items = LINES[profile](Hints(region=read_context.region), read_context.zone, lambda: read_context).items(
            got, "192.0.2.10"
        )
        return len(items), items

    return [file._replace(read=read) for file in files]


def _ami(data: bytes, read_context: Context) -> tuple[int, Items]:
    got, whole = AmiMessages(), AmiMessages()
    cut = len(data) // 3
    messages = [*got.feed(data[:cut]), *got.feed(data[cut:])]
    assert whole.feed(data) == messages, "a cut of the bytes changes the messages"
    events = CdrEvents(lambda: read_context)
    return len(messages), [events.item(one) for one in messages]


def _ami_cel(data: bytes, read_context: Context) -> tuple[int, Items]:
    clock = iter(range(0, 1_000, 100))
    events = CelEvents(lambda: read_context, lambda: float(next(clock)))
    items = events.items(AmiMessages().feed(data))
    items += events.items([])
    return len(items), list(items)


def _esl() -> list[Case]:
    folder = Path(webhooks.__file__).parent / "freeswitch" / "esl" / "golden"
    saved = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    whole = [message(one["kind"], "\n".join(one["body"]).encode("utf-8", "surrogateescape")) for one in saved]
    made = [form_of(event(number, NINE)) for number, form_of in enumerate((plain, as_json))]
    return [Case("golden", b"".join(whole), context(), _hangups), Case("made", b"".join(made), context(), _hangups)]


def _hangups(data: bytes, read_context: Context) -> tuple[int, Items]:
    got, whole = EslMessages(), EslMessages()
    cut = len(data) // 3
    messages = [*got.feed(data[:cut]), *got.feed(data[cut:])]
    assert (whole.feed(data), whole.broken) == (messages, got.broken), "a cut of the bytes changes the messages"
    items = HangupEvents(lambda: read_context).items(messages)
    return len(items), list(items)


def _http(route: Route[msgspec.Struct]) -> list[Case]:  # type: ignore[type-var]  # of any words
    """Bodies: an object, an array, an object a line."""
    at = "2026-11-02T09:00:00+03:00"
    named = {"organisation_id": "o1", "manager_id": "anna"}
    settings: dict[str, dict[str, object]] = {
        "/calls": call(),
        "/stages": {**named, "stage": "active", "changed_at": at},
        "/proposals": {**named, "proposal_id": "p1", "kind": "general", "sent_at": at, "amount": "1234.56"},
        "/organisations": {**named, "name": "Acme", "phones": ["+74950000001", "8 495 000-00-02"]},
        "/managers": {"manager_id": "anna", "extensions": ["101"], "team": "north", "valid_from": at, "valid_to": None},
    }
    one = json.dumps(settings[route.path], ensure_ascii=False).encode()

    def read(is_lines: bool, data: bytes, read_context: Context) -> tuple[int, Items]:
        items = route.read(data, is_lines, lambda _: read_context)
        return len({item.position for item in items}), [item.record for item in items]

    return [
        Case("array", b"[" + one + b", " + one + b"]", context(), partial(read, False)),
        Case("lines", one + b"\n" + one + b"\n", context(), partial(read, True)),
    ]


def _webhooks(kind: str) -> list[Case]:
    found = []
    for path in webhooks.CASES:
        if webhooks.kind_of(path) == kind:
            case = webhooks.read(path)
            seed = form(case["body"].encode())["json"].encode() if kind == "mango" else case["body"].encode()
            found.append(Case(path.stem, seed, webhooks.context_of(case), partial(_hook, kind, case)))
    return found


def _hook(kind: str, case: dict[str, str], body: bytes, read_context: Context) -> tuple[int, Items]:
    request = webhooks.signed(kind, webhooks.incoming(case), case["secret"], lambda _: body)
    found = HOOKS[kind].answer(request, case["secret"], read_context)
    items = list(found.items) if isinstance(found, Answered) else []
    return len(items), items
