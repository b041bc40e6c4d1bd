"""An audit line for each file of a load, loaded by the command, the folder's listener or the upload page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.audit import Action, audit_file, record
from pipeline.endpoints import Endpoints
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import PreparedFile


def audit_load(files: Sequence[PreparedFile], endpoints: Endpoints, load: Callable[[], list[Outcome]]) -> list[Outcome]:
    """What `load` gives. A line for each file, also when it raises."""
    log = audit_file(endpoints.data)
    try:
        outcomes = load()
    except BaseException:
        for file in files:
            record(log, Action.LOAD, done=False, import_id=file.context.import_id, file=file.path.name)
        raise
    for file, one in zip(files, outcomes, strict=True):
        record(
            log,
            Action.LOAD,
            done=not one.stopped,
            import_id=one.import_id,
            file=file.path.name,
            kind=one.kind,
            source=file.context.source,
            rows=one.rows,
            rejected=sum(one.rejected.values()),
            withdrawn=sum(one.withdrawn.values()),
        )
    return outcomes
