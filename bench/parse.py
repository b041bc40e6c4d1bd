"""Parse + normalise: legs a second on one core, and memory. `python -m bench.parse [ROWS]`."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.asterisk.source import AsteriskCsv
from connectors.source import Context, Hints
from schemas.records import CallLeg
from schemas.stages import default_stages

ZONE = ZoneInfo("Europe/Moscow")
PHONES = 40_000
"""How many outside numbers are called."""
FIRST = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def write_export(path: Path, rows: int, seed: int = 7, phones: int = PHONES) -> None:
    """A look-alike cdr_csv export of 21 columns: about 1.8 legs a call, working hours, one office of 40 phones."""
    rnd = random.Random(seed)
    at, written, number = FIRST, 0, 0
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
        became = "ANSWERED" if talk else "NO ANSWER"
        lines.append(
            f'"","{src}","{dst}","{context}","""{src}"" <{src}>","{channel}","{other}","{app}","600,tTr,,,60",'
            f'"{start:%Y-%m-%d %H:%M:%S}",{answer},"{end:%Y-%m-%d %H:%M:%S}",{ring + talk},{talk},"{became}",'
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


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Master.csv"
        write_export(path, rows)
        source = AsteriskCsv()
        recognised = source.recognise(path, Hints())
        assert recognised is not None
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = time.perf_counter(), time.process_time()
        legs = sum(isinstance(item, CallLeg) for item in source.read(path, recognised, context()))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"parse + normalise: {legs} legs of {rows} rows, {legs / cpu:,.0f} legs/s of CPU,", end=" ")
        print(f"{legs / wall:,.0f} legs/s, memory +{grown:.0f} MiB")


if __name__ == "__main__":
    main()
