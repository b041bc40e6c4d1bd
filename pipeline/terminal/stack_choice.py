"""Which stack a command means, and the note for people about it.

Every command takes the stack by one rule (`pipeline.endpoints.meant_stack`): the folder of --data, CALLFUNNEL_DATA,
./data where it holds a stack, or the only one that runs. With several running and none named it refuses and lists them.
Commands that write say into which one; commands that read say which one they read when nobody named it.
"""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.endpoints import is_embedded, meant_stack, named_folder
from pipeline.readouts.numbers import Numbers, numbers


def read_from(data: Path | None, *, masked: bool = False) -> Numbers:
    """Numbers of the stack that is meant; with a note on standard error when nobody named it. Raises Trouble."""
    found = numbers(data, masked=masked)
    if is_embedded(data) and named_folder(data) is None:
        click.echo(f"callfunnel: reading {meant_stack(data).data}, the only stack that runs", err=True)
    return found
