"""Parse + normalise: rows a second on one core, memory, by format. `python -m bench.parse [ROWS [PROFILE...]]`."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.exports import (
    write_avaya,
    write_cel,
    write_cucm,
    write_freeswitch_csv,
    write_freeswitch_json,
    write_grandstream,
    write_panasonic,
    write_queue_log,
    write_yeastar,
)
from bench.services import FORMATS as SERVICES
from connectors.asterisk.cdr_csv import AsteriskCsv
from connectors.asterisk.cel import AsteriskCel
from connectors.asterisk.queue_log import QueueLog
from connectors.avaya.smdr import AvayaSmdr
from connectors.cucm.cdr import CucmCdr
from connectors.freeswitch.cdr_csv import FreeSwitchCsv
from connectors.freeswitch.json_cdr import FreeSwitchJson
from connectors.grandstream.cdr import GrandstreamCsv
from connectors.mango.statistics import MangoStats
from connectors.panasonic.smdr import PanasonicSmdr
from connectors.reading.parts import parts
from connectors.reading.sample import Sample
from connectors.reading.source import Context, Hints, Source
from connectors.threecx.log import ThreeCxLog
from connectors.yeastar.cdr import YeastarCsv
from schemas.records import CallLeg
from schemas.stages import default_stages

ZONE = ZoneInfo("Europe/Moscow")
PHONES = 40_000
"""How many outside numbers are called."""
FIRST = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def write_export(path: Path, rows: int, seed: int = 7, phones: int = PHONES, after: int = 0) -> None:
    """A look-alike cdr_csv export of 21 columns: about 1.8 legs a call, working hours, one office of 40 phones. Calls
    are numbered from `after` on.
    """
    rnd = random.Random(seed)
    at, written, number = FIRST, 0, after
    with path.open("w", encoding="utf-8") as file:
        while written < rows:
            at += timedelta(seconds=rnd.expovariate(1 / 4))
            if at.hour >= 15:
                at = (at + timedelta(days=1)).replace(hour=6, minute=0)
            number += 1
            legs = min(rows - written, rnd.choice((1, 1, 1, 2, 2, 4)))
            file.writelines(_call(rnd, at, number, legs, phones))
            written += legs


def _call(rnd: random.Random, at: datetime, number: int, legs: int, phones: int) -> list[str]:
    uniqueid = f"{int(at.timestamp())}.{number}"
    start = at.astimezone(ZONE).replace(microsecond=0)
    outside = f"7495{rnd.randrange(phones):07d}"
    outbound = legs == 1
    lines = []
    for leg in range(legs):
        extension = str(101 + rnd.randrange(40))
        talk = rnd.choice((0, 8, 45, 90, 240)) if leg == legs - 1 else 0
        ring = rnd.randrange(3, 25)
        answer = f'"{start + timedelta(seconds=ring):%Y-%m-%d %H:%M:%S}"' if talk else ""
        end = start + timedelta(seconds=ring + talk)
        inside, trunk = f"PJSIP/{extension}-{number:08x}", f"PJSIP/provider-{number + leg:08x}"
        src, dst = (extension, outside) if outbound else (outside, "600")
        channel, other = (inside, trunk) if outbound else (trunk, inside)
        app, context = ("Dial", "from-internal") if outbound else ("Queue", "ext-queues")
        disposition = "ANSWERED" if talk else "NO ANSWER"
        lines.append(
            f'"","{src}","{dst}","{context}","""{src}"" <{src}>","{channel}","{other}","{app}","600,tTr,,,60",'
            f'"{start:%Y-%m-%d %H:%M:%S}",{answer},"{end:%Y-%m-%d %H:%M:%S}",{ring + talk},{talk},"{disposition}",'
            f'"DOCUMENTATION","{uniqueid}","","","{uniqueid}",{leg}\n'
        )
    return lines


def context() -> Context:
    return Context(
        source="office",
        import_id="bench",
        version=time.time_ns(),
        zone=ZONE,
        trunks=("provider",),
        stages=default_stages(),
        loaded_at=datetime.now(UTC),
    )


def write_mango(path: Path, rows: int, seed: int = 7, phones: int = PHONES) -> None:
    """A look-alike of Mango's statistics: a row for each phone that rang."""
    rnd = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            start = int(FIRST.timestamp()) + number // 2 * 4
            inside, outside = f"{101 + rnd.randrange(40)};sip:user{number % 40}@vpbx.example", _outside(rnd, phones)
            ends = f"{inside};;{outside}" if number % 3 else f";{outside};{inside}"
            answer = start + rnd.randrange(3, 25) if rnd.random() < 0.6 else 0
            finish = (answer or start) + rnd.choice((4, 8, 45, 90, 240))
            records = f"[MToxMDAw{number:08d}]" if answer else "[]"
            entry = f"MTAw{number // 2:010d}=="
            file.write(f"{records};{start};{finish};{answer};{ends};1110;74950000000;abonent;{entry}\n")


def write_3cx(path: Path, rows: int, seed: int = 7, phones: int = PHONES) -> None:
    """A look-alike 3CX log of 27 fields: a line a call, in and out."""
    rnd = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            at = FIRST + timedelta(seconds=number * 4)
            answer = at + timedelta(seconds=rnd.randrange(3, 25))
            end = answer + timedelta(seconds=rnd.choice((8, 45, 90, 240)))
            desk, outside = 101 + rnd.randrange(40), f"+{_outside(rnd, phones)}"
            times = ",".join(f"{moment:%Y/%m/%d %H:%M:%S}" for moment in (at, answer, end))
            if number % 3:
                ends = f"Ext.{desk},{outside},{desk},10001,{outside},,{outside},10001"
                types = f"Extension,Line,Line,Anna,{outside},{outside}"
            else:
                ends = f"{outside},Ext.800,10001,800,800,ReplacedDst,Ext.{desk},{desk}"
                types = f"Line,Queue,Extension,{outside},Sales,Anna"
            begin = f"Call {number},00000C21DE5C2470_{number},00:00:25,{times},TerminatedBySrc"
            file.write(f"{begin},{ends},,,,,Chain: {outside};Ext.{desk};,{types},\n")


def _outside(rnd: random.Random, phones: int) -> str:
    return f"7495{rnd.randrange(phones):07d}"


FORMATS: tuple[tuple[str, Source, Callable[[Path, int], None]], ...] = (
    ("asterisk-csv", AsteriskCsv(), write_export),
    ("mango", MangoStats(), write_mango),
    ("3cx", ThreeCxLog(), write_3cx),
    ("freeswitch-csv", FreeSwitchCsv(), write_freeswitch_csv),
    ("freeswitch-json", FreeSwitchJson(), write_freeswitch_json),
    ("cucm", CucmCdr(), write_cucm),
    ("avaya", AvayaSmdr(), write_avaya),
    ("panasonic", PanasonicSmdr(), write_panasonic),
    ("asterisk-queue-log", QueueLog(), write_queue_log),
    ("asterisk-cel", AsteriskCel(), write_cel),
    ("grandstream", GrandstreamCsv(), write_grandstream),
    ("yeastar", YeastarCsv(), write_yeastar),
    *SERVICES,
)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    wanted = sys.argv[2:]
    for name, source, write in FORMATS:
        if wanted and name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export.csv"
            write(path, rows)
            (path,) = parts(path)
            _measure(name, source, path, rows)


def _measure(name: str, source: Source, path: Path, rows: int) -> None:
    recognised = source.recognise(Sample(path), Hints())
    assert recognised is not None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    legs = sum(isinstance(item, CallLeg) for item in source.read(path, recognised, context()))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"parse + normalise {name}: {legs} legs of {rows} rows, {rows / cpu:,.0f} rows/s of CPU,", end=" ")
    print(f"{rows / wall:,.0f} rows/s, memory +{grown:.0f} MiB")


if __name__ == "__main__":
    main()
