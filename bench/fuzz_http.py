"""Schemathesis over the description of `callfunnel listen http`: `python -m bench.fuzz_http [EXAMPLES]`.

A listener on an embedded stack, tested against its OpenAPI document, with and without the token. It wants
`schemathesis` on PATH, which is not a dependency of ours: `pip install schemathesis` into an environment that is thrown
away. Exit 1 when an answer is not as described.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.http_ingest import TOKEN, listener
from bench.stack import stack

_EXAMPLES = "200"
"""Of each operation, in each phase."""
_EXCLUDED = "positive_data_acceptance"
"""That whatever fits the schema is accepted: a schema cannot say which stages there are, or that talk is no longer
than its call. 422 names these, and is described."""
_DESCRIPTION = Path(__file__).parents[1] / "connectors" / "http" / "openapi.json"


def main() -> None:
    program = shutil.which("schemathesis")
    if program is None:
        sys.exit("schemathesis is not here: python -m venv FUZZ && FUZZ/bin/pip install schemathesis==4.32.5; PATH=...")
    examples = sys.argv[1] if len(sys.argv) > 1 else _EXAMPLES
    with (
        tempfile.TemporaryDirectory() as folder,
        stack() as (_, running),
        listener(running, Path(folder)) as (address, process),
    ):
        command = [program, "run", str(_DESCRIPTION), "--url", address, "-H", f"Authorization: Bearer {TOKEN}"]
        finished = subprocess.run(
            [
                *command,
                "--max-examples",
                examples,
                "--exclude-checks",
                _EXCLUDED,
                "--continue-on-failure",
                "--no-color",
            ],
            cwd=folder,
            check=False,
        )
        alive, memory_mb = process.is_running(), process.memory_info().rss >> 20
        print(f"the listener {'runs' if alive else 'has ended'}, {memory_mb} MB")
        log = (Path(folder) / "http.log").read_text(encoding="utf-8")
        if "Traceback" in log:
            sys.exit(log[log.index("Traceback") :])
    sys.exit(finished.returncode)


if __name__ == "__main__":
    main()
