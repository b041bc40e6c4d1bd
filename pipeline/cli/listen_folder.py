"""`callfunnel listen folder`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from connectors.folder.listener import ROWS, FolderListener
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.registry import KINDS, PROFILES
from pipeline.endpoints import Endpoints, find
from pipeline.listening.session import keep_open, new_session, stack_folder
from pipeline.loading.dropped_files import AUTO, DroppedFiles
from pipeline.loading.prepare import LoadOptions
from pipeline.privacy.file_folders import Holds, remember
from pipeline.settings import read_settings
from pipeline.store import Store, connect
from schemas.errors import Terminal, Transient

STATE = ".callfunnel"


class _NoFolderCheckpoint(msgspec.Struct, frozen=True):
    """The folder is its own checkpoint: what is still in it is not loaded yet."""


@click.command("folder")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--kind", type=click.Choice((AUTO, *KINDS)), default=AUTO, show_default=True, help="What is in the files."
)
@click.option("--source", default="", metavar="NAME", help="Name of the exchange or CRM. [default: pbx, crm]")
@click.option("--tz", default="", metavar="ZONE|auto", help="Zone of the times in the files.")
@click.option("--profile", type=click.Choice(("auto", *PROFILES)), default="auto", show_default=True)
@click.option("--region", default="", metavar="CC", help="Country of numbers without one. [default: settings']")
@click.option("--settle", type=click.FloatRange(0.1, 3600), default=2.0, show_default=True, metavar="SECONDS",
              help="A file is whole once it stayed as it was for so long.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Folder of the embedded stack.")
def command(
    folder: Path,
    kind: str,
    source: str,
    tz: str,
    profile: str,
    region: str,
    settle: float,
    data: Path | None,
) -> None:
    """Load every file that is dropped into FOLDER, and move it to done/ or rejected/ there, a report beside it.

    Rows that were rejected are in rejected-rows/: mend them there and drop that file.
    """
    if not folder.is_dir():
        raise Terminal(f"{folder}: there is no such folder: make it, or mount it")
    settings = read_settings()
    data = stack_folder(data)
    options = LoadOptions(kind=kind, source=source, tz=tz, profile=profile, region=region, rejects=folder / ROWS)
    line = DeliveryQueue(source or "pbx", f"folder:{folder.resolve().name}", new_session())

    if data is not None:
        remember(data, Holds.DROPPED, folder)

    def where() -> tuple[Endpoints, Store]:
        try:
            endpoints = find(data)
        except Terminal as error:
            raise Transient(str(error)) from None
        return endpoints, Store(connect(endpoints.clickhouse))

    def check() -> None:
        if line.stopping.is_set():
            raise Terminal("asked to end: the files are loaded next time")

    if (folder / STATE).is_symlink():
        raise Terminal(f"{folder / STATE} is a link: what is written there could go anywhere; remove it")
    # Two watchers of one folder would move each other's files, so the lock is in the folder.
    with Checkpoint(folder / STATE, folder.resolve().name or "root", "folder", _NoFolderCheckpoint):
        listener = FolderListener(folder, DroppedFiles(options, settings, where, check), settle_s=settle)
        keep_open(line, listener, data, folder / ".callfunnel", f"folder {folder}")
