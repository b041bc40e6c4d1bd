"""A worker whose streams fall silent, as faust-streaming's do when it stalls: `python -m tests.stack.silent_worker`.

Everything else is the product's; its patience is short.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from pipeline.agents.step import Step
from pipeline.app import StepRunner
from pipeline.endpoints import find
from pipeline.work import work


async def fall_silent(self: StepRunner, step: Step, stream: Any) -> None:
    async for _ in stream.noack_take(16, within=0.1):
        await asyncio.Event().wait()


def main() -> None:
    StepRunner.run = fall_silent  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        work(find(), Path(folder), None, "info", patience_s=3.0)


if __name__ == "__main__":
    main()
