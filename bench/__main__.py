"""Every figure of bench/RESULTS.md, one after the other: `make bench`, or `python -m bench [NAME ...]`.

On a shared machine absolute times mean little: the peers (bench.stock_agent, a record a leg) run beside.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from datetime import UTC, datetime

BENCHES = ("parse", "produce", "stock_agent", "worker", "load", "live_call", "http_ingest", "boards")


def main() -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    print(
        f"commit {commit.stdout.strip() or 'unknown'}, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores,", end=" "
    )
    print(f"load average {os.getloadavg()[0]:.1f} before", flush=True)
    names = sys.argv[1:] or BENCHES
    sys.argv[1:] = []
    for name in names:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
