"""What `callfunnel backup` asks of the store: POST /backup/take, /write and /drop under it, as the writing user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
from aiohttp import web

from pipeline.backup import snapshot
from pipeline.embedded.engine import Engine, EngineError, Handle


class Write(msgspec.Struct, frozen=True):
    """Where a backup goes, absolute, and the backup that it builds on ("" for none)."""

    to: str
    base: str = ""


class BackupRoutes:
    """One request at a time."""

    def __init__(self, engine: Engine, is_writer: Callable[[web.Request], bool]) -> None:
        self._engine = engine
        self._is_writer = is_writer
        self._handle: Handle | None = None
        self._one = asyncio.Lock()

    def add_to(self, application: web.Application) -> None:
        application.router.add_post("/backup/take", self._take)
        application.router.add_post("/backup/write", self._write)
        application.router.add_post("/backup/drop", self._drop)

    async def _take(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda: snapshot.take(self._ask))

    async def _write(self, request: web.Request) -> web.Response:
        body = await request.read()

        def write() -> list[snapshot.Sum]:
            wanted = msgspec.json.decode(body, type=Write)
            return snapshot.write(self._ask, Path(wanted.to), Path(wanted.base) if wanted.base else None)

        return await self._answer(request, write)

    async def _drop(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda: snapshot.drop(self._ask))

    async def _answer(self, request: web.Request, work: Callable[[], object]) -> web.Response:
        if not self._is_writer(request):
            return web.Response(status=403, text="wrong user or password")
        async with self._one:
            try:
                answer = await asyncio.get_running_loop().run_in_executor(None, work)
            except (EngineError, msgspec.DecodeError) as error:
                return web.Response(status=500, text=str(error))
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    def _ask(self, sql: str) -> bytes:
        if self._handle is None:
            self._handle = self._engine.unlimited()
        return self._handle.query(sql, "JSONEachRow", {}, {})
