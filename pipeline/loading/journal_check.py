"""What listeners acknowledged and the workers have not stored yet: a check of `callfunnel doctor`."""

from __future__ import annotations

from pathlib import Path

from connectors.live.journal import found_in
from pipeline.doctor import Check
from pipeline.endpoints import journals_folder
from schemas.errors import CallfunnelError

_REPLAY = "`callfunnel up` sends them within seconds; with servers, start a `callfunnel listen` with the same --state"


def journals(data: Path | None) -> Check:
    """What listeners acknowledged and the workers have not stored yet. Unwell when nobody is there to send it."""
    folder = journals_folder(data) if data is not None else Path("listen") / "journals"
    try:
        there = found_in(folder)
    except CallfunnelError as error:
        return Check("journals", False, str(error), "")
    found = [journal for journal in there if journal.records]
    lines = [
        f"{journal.path.name}: {journal.records:,} records wait"
        f"{', and its listener sends them' if journal.is_owned else '; its listener is gone'}"
        for journal in found
    ]
    well = all(journal.is_owned for journal in found)
    return Check("journals", well, "\n".join(lines) or "nothing waits", "" if well else _REPLAY)
