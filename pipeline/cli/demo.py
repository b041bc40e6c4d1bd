"""`callfunnel demo`: the product on bundled example exports, by the very commands that a user would type."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from schemas.trouble import Terminal

EXAMPLES = Path(__file__).parent.parent / "demo"

_LOADS = (
    "load --kind managers managers.csv",
    "load --kind organisations organisations.csv",
    "load --kind stages stages.csv",
    "load --kind proposals proposals.csv",
    "load --source office Master.csv",
    "load --source branch branch.csv",
)
_READS = (
    "activity --from 2026-11-02 --to 2026-11-07",
    "funnel --from 2026-09-01 --to 2026-11-01",
    "rejected",
    "verify --from 2026-09-01 --to 2026-11-07",
)
_MAY_REJECT = ("load --kind proposals proposals.csv", "load --source office Master.csv")
"""The examples hold three rows that cannot be understood, to show what becomes of such rows: exit code 1."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Load, print, stop. Otherwise the stack stays up until Ctrl-C.")
def command(once: bool) -> None:
    """Run the main job on bundled example exports, in a temporary folder.

    Starts the embedded stack on free ports, loads a week of an invented sales department, prints its activity and its
    funnel, and stops. Each step is an ordinary command and is shown.
    """
    with tempfile.TemporaryDirectory(prefix="callfunnel-demo-") as folder:
        exports = Path(folder) / "exports"
        shutil.copytree(EXAMPLES, exports)
        env = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
        env |= {
            "CALLFUNNEL_CONFIG": str(exports / "callfunnel.toml"),
            "CALLFUNNEL_DATA": str(Path(folder) / "data"),
            "XDG_STATE_HOME": folder,  # whoever has a stack of his own goes on finding it
        }
        with _stack(exports, env):
            for step in (*_LOADS, *_READS):
                _run(step, exports, env, accepted=(0, 1) if step in _MAY_REJECT else (0,))
            if not once:
                _wait(env)


@contextlib.contextmanager
def _stack(exports: Path, env: dict[str, str]) -> Iterator[None]:
    up = f"up --data {env['CALLFUNNEL_DATA']} --kafka-port 0 --store-port 0 --background"
    _run(up, exports, env)
    try:
        yield
    finally:
        _run("down", exports, env)


def _run(step: str, exports: Path, env: dict[str, str], accepted: tuple[int, ...] = (0,)) -> None:
    """Show a command and run it. Raises Terminal when its exit code is not an accepted one."""
    click.secho(f"\n$ callfunnel {step}", bold=True)
    done = subprocess.run([sys.executable, "-m", "pipeline.cli", *step.split()], cwd=exports, env=env, check=False)
    if done.returncode not in accepted:
        raise Terminal(f"`callfunnel {step}` ended with exit code {done.returncode}: its words are above")


def _wait(env: dict[str, str]) -> None:
    data = env["CALLFUNNEL_DATA"]
    config = env["CALLFUNNEL_CONFIG"]
    click.echo(f"\nThe stack is up until Ctrl-C. In another terminal:\n  export CALLFUNNEL_CONFIG={config}")
    click.echo(f"  callfunnel calls --from 2026-11-02 --to 2026-11-07 --manager m1 --data {data}")
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
