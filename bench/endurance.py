"""Three workers on Apache Kafka for a long time, on a machine that burns its cores: `python -m bench.endurance`.

Live calls come at a rate; in between a burst of legs is loaded, one worker freezes (SIGSTOP) and is replaced, another
one freezes and goes on again. At the end everything that was sent is counted once, and nothing was started again but
what was frozen.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from kafka import KafkaProducer

from bench.cluster import Cluster, burning, cluster
from bench.stack import fill_directory, wait_stored
from connectors.sender import FrameSender
from pipeline.store import connect
from pipeline.transport import Transport
from schemas.codec import encode
from schemas.errors import Transient
from schemas.records import CallLeg, Direction, Disposition
from schemas.topics import CALL_LEGS

_LOOK_S = 10.0
_MANAGERS = 40


def legs(source: str, first: int, calls: int) -> Iterator[CallLeg]:
    """Calls that have just ended: one leg each, every second one has a second leg."""
    for number in range(first, first + calls):
        now = datetime.now(UTC).replace(microsecond=0)
        for leg in range(1 + number % 2):
            yield CallLeg(
                source=source,
                call_id=f"{number}",
                record_id=f"{number}.{leg}",
                started_at=now - timedelta(seconds=60),
                answered_at=now - timedelta(seconds=50),
                ended_at=now,
                billsec=50 - leg,
                direction=Direction.OUTBOUND,
                disposition=Disposition.ANSWERED,
                extension=str(101 + number % _MANAGERS),
                contact=f"+7495{number % 200_000:07d}",
                version=time.time_ns(),
            )


class Feed(threading.Thread):
    """A live exchange: so many calls a second, each leg a frame of its own, until stopped."""

    def __init__(self, kafka: str, rate: int) -> None:
        super().__init__(name="feed", daemon=True)
        self._producer = KafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=20)
        self._rate = rate
        self._stopping = threading.Event()
        self.calls = 0
        self.legs = 0

    def run(self) -> None:
        started = time.monotonic()
        while not self._stopping.wait(0.05):
            due = int((time.monotonic() - started) * self._rate) - self.calls
            for leg in legs("live", self.calls, due):
                self._producer.send(CALL_LEGS.name, key=CALL_LEGS.key(leg).encode(), value=encode(leg))
                self.legs += 1
            self.calls += due
        self._producer.flush()
        self._producer.close()

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def load_burst(kafka: str, count: int) -> int:
    """A file of legs at once, in frames of hundreds; the calls in it."""
    calls = count * 2 // 3
    with FrameSender(kafka) as sender:
        for leg in legs("burst", 0, calls):
            sender.send(CALL_LEGS, leg)
        sender.flush()
    return calls


class Watcher:
    """What is seen of the cluster in the course of time."""

    def __init__(self, there: Cluster, feed: Feed) -> None:
        self._cluster = there
        self._feed = feed
        self._transport = Transport(there.endpoints)
        self._started = time.monotonic()
        self.restarts: list[str] = []
        self.worst_mb = 0.0
        self.waiting: list[int] = []
        """Frames of call-legs and activities that waited, look by look."""

    @property
    def now_s(self) -> float:
        return time.monotonic() - self._started

    def say(self, message: str) -> None:
        print(f"{self.now_s:6.0f} s  {message}", flush=True)

    def follow(self, until_s: float, done: Callable[[], bool] = lambda: False) -> None:
        """Tend and look until a moment, or until `done`."""
        looked = -_LOOK_S
        while self.now_s < until_s and not done():
            for why in self._cluster.tend():
                self.restarts.append(why)
                self.say(f"started again: {why}")
            if self.now_s - looked >= _LOOK_S:
                looked = self.now_s
                with contextlib.suppress(Transient):
                    self._look()
            time.sleep(0.5)

    def lag(self, topics: Iterable[str] = ("call-legs", "activities")) -> dict[str, int]:
        """Frames that wait, by topic."""
        names = list(topics)
        ends, consumed = self._transport.ends(names), self._transport.consumed(names)
        lags = dict.fromkeys(names, 0)
        for (topic, partition), end in ends.items():
            lags[topic] += end - consumed.get((topic, partition), 0)
        return lags

    def _look(self) -> None:
        lags = self.lag()
        memory = [worker.resident_mb for worker in self._cluster.workers]
        self.worst_mb = max(self.worst_mb, *memory)
        self.waiting.append(sum(lags.values()))
        load = os.getloadavg()[0]
        waits = ", ".join(f"{topic} {lag:,}" for topic, lag in lags.items())
        self.say(f"{self._feed.calls:,} calls sent; waiting: {waits}; workers {memory} MB; load average {load:.1f}")


def check(there: Cluster, calls: int, sent_legs: int) -> list[str]:
    """What differs from what was sent."""
    client = connect(there.endpoints.clickhouse)
    expected = {
        "SELECT count() FROM call_legs FINAL": sent_legs,
        "SELECT uniqExact(source, call_id) FROM call_legs FINAL": calls,
        "SELECT count() FROM activities FINAL": calls,
        "SELECT sum(calls) FROM manager_activity FINAL": calls,
        "SELECT count() FROM rejected FINAL": 0,
    }
    return [
        f"{sql}: {found:,}, expected {number:,}"
        for sql, number in expected.items()
        if (found := int(str(client.command(sql)))) != number
    ]


def endure(there: Cluster, options: argparse.Namespace) -> list[str]:
    """The whole run; what went wrong."""
    seconds = options.minutes * 60
    kafka = there.endpoints.kafka
    fill_directory(there.endpoints)
    feed = Feed(kafka, options.rate)
    feed.start()
    watcher = Watcher(there, feed)
    burst: list[int] = []
    watcher.follow(seconds * 0.25)
    wrong = [f"restarts before any fault: {len(watcher.restarts)}"] if watcher.restarts else []
    if options.burst:
        loading = threading.Thread(target=lambda: burst.append(load_burst(kafka, options.burst)))
        watcher.say(f"a burst of {options.burst:,} legs")
        loading.start()
        before = watcher.now_s
        watcher.follow(seconds * 0.5, lambda: not loading.is_alive() and sum(watcher.lag().values()) < options.rate * 5)
        watcher.say(f"the burst has drained: {watcher.now_s - before:.0f} s")
        loading.join()
    watcher.follow(seconds * 0.5)
    if options.freeze:
        wrong += freeze(watcher, there, seconds)
    watcher.follow(seconds)
    feed.stop()
    watcher.say(f"{feed.calls:,} calls sent, {feed.legs:,} legs; draining")
    before = watcher.now_s
    watcher.follow(seconds + 600, lambda: not any(watcher.lag().values()))
    wait_stored(there.endpoints, {})
    watcher.say(f"drained in {watcher.now_s - before:.0f} s")
    total = feed.calls + sum(burst)
    wrong += check(there, total, feed.legs + sum(calls + calls // 2 for calls in burst))
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"endurance: {options.minutes:g} minutes at {options.rate} calls/s, {len(there.workers)} workers,"
        f" {total:,} calls sent; {len(watcher.restarts)} restarts; most frames waiting {max(watcher.waiting):,},"
        f" last {watcher.waiting[-1]:,}; most memory of a worker {watcher.worst_mb:.0f} MB (load average {load})"
    )
    return wrong


def freeze(watcher: Watcher, there: Cluster, seconds: float) -> list[str]:
    """Freeze one worker until it is replaced, then another one that goes on again."""
    wrong = []
    restarts, before = len(watcher.restarts), watcher.now_s
    there.workers[1].freeze()
    watcher.say("worker-2 is frozen")
    watcher.follow(seconds * 0.75, lambda: len(watcher.restarts) > restarts)
    if len(watcher.restarts) == restarts:
        wrong.append("the frozen worker was not replaced")
    watcher.say(f"worker-2 was replaced after {watcher.now_s - before:.0f} s")
    watcher.follow(seconds * 0.75)
    there.workers[2].left_frozen = True
    there.workers[2].freeze()
    watcher.say("worker-3 is frozen, for 40 s, and nobody ends it")
    watcher.follow(watcher.now_s + 40)
    there.workers[2].thaw()
    watcher.say("worker-3 goes on")
    watcher.follow(watcher.now_s + 20)
    there.workers[2].left_frozen = False
    if len(watcher.restarts) > restarts + 1:
        wrong.append(f"restarts without a reason: {watcher.restarts[restarts + 1 :]}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--burn", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--burst", type=int, default=100_000)
    parser.add_argument("--no-freeze", dest="freeze", action="store_false")
    parser.add_argument("--keep-logs", default="")
    options = parser.parse_args()
    with cluster(options.workers) as there, burning(options.burn):
        try:
            wrong = endure(there, options)
        finally:
            if options.keep_logs:
                subprocess.run(["cp", "-r", "--", str(there.folder), options.keep_logs], check=False)
    for one in wrong:
        print(f"WRONG: {one}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
