"""`callfunnel listen tcp` on the stack: a 3CX that connects for each call, and the same log as a file."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from pipeline.embedded.ports import free_port, listens
from tests.stack.deployment import CLI, Deployment, wait_for

pytestmark = pytest.mark.stack
LOG = Path(__file__).parent.parent / "connectors" / "threecx" / "golden" / "3cx" / "v20_27_fields.csv"


def test_lines_of_a_3cx_and_its_log_count_once(embedded: Deployment) -> None:
    embedded.start()
    port = free_port(0, "")
    process = subprocess.Popen(
        [*CLI, "listen", "tcp", "3cx", "--listen", f"127.0.0.1:{port}", "--source", "office"],
        env=embedded.env,
        cwd=embedded.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = [line for line in LOG.read_bytes().splitlines() if line.strip()]
    try:
        wait_for("the port", lambda: listens(port))
        for line in lines:
            with socket.create_connection(("127.0.0.1", port), 60) as call:
                call.sendall(line + b"\r\n")
        stored = "SELECT (SELECT count() FROM call_legs FINAL) + (SELECT count() FROM rejected FINAL)"
        wait_for("every line", lambda: embedded.number(stored) == len(lines))
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    told = "SELECT sum(records + rejects) FROM feeds FINAL"
    wait_for("the door's last word", lambda: embedded.number(told) == len(lines))
    loaded = embedded.run("load", str(LOG), "--source", "office", "--json")
    (outcome,) = json.loads(loaded.stdout)
    assert outcome["records"] > 0
    assert outcome["repeats"] == outcome["records"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give --listen HOST:PORT"),
        (("--listen", "127.0.0.1"), "is not an address"),
        (("--listen", "127.0.0.1:x"), "is not an address"),
        (("--listen", "127.0.0.1:1", "--connect", "127.0.0.1:1"), "give --listen HOST:PORT"),
        (("--listen", "127.0.0.1:5015", "--allow", "192.0.2.10/24"), "has host bits set"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    run = subprocess.run(
        [*CLI, "listen", "tcp", "3cx", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 2
    assert said in run.stderr
