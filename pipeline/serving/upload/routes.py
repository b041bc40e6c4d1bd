"""What the page asks for, once somebody is logged in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import msgspec
from aiohttp import web

from connectors.http.serving import Guard, Problem, answer
from connectors.registry import KINDS, PROFILES
from pipeline.loading.dropped_files import AUTO
from pipeline.loading.prepare import LoadOptions, PreparedFile
from pipeline.serving.upload.entrance import PageAuth
from pipeline.serving.upload.job import Job, Where
from pipeline.serving.upload.preview import Preview, preview
from pipeline.serving.upload.storage import Full, Upload, UploadStorage
from pipeline.settings import Settings
from schemas.errors import Terminal

_SILENT_S = 30.0
"""How long a file that is being received may stand still."""


class LoadRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the person who loads it wants the file to be read; "" where settings or the file decide."""

    kind: str = AUTO
    source: str = ""
    tz: str = ""
    profile: str = AUTO

    def options(self, exchange: str) -> LoadOptions:
        """`exchange`: the source of calls when none is given. Raises Problem for an unknown kind or profile."""
        if self.kind not in (AUTO, *KINDS):
            raise Problem(400, f"kinds are {', '.join((AUTO, *KINDS))}")
        if self.profile not in (AUTO, *PROFILES):
            raise Problem(400, f"profiles are {', '.join((AUTO, *PROFILES))}")
        source, tz = self.source.strip(), self.tz.strip()
        return LoadOptions(kind=self.kind, source=source, exchange=exchange, tz=tz, profile=self.profile)


class Pages:
    """The routes of the page. One listener's, in its event loop; looking and loading happen in threads."""

    def __init__(
        self,
        guard: Guard,
        settings: Settings,
        exchange: str,
        where: Where,
        folder: Path,
        most_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._auth = PageAuth(guard, clock)
        self._body = guard.body
        self._settings = settings
        self._exchange = exchange
        self._where = where
        self._most_bytes = most_bytes
        self._storage = UploadStorage(folder, clock)
        self._jobs: dict[str, Job] = {}
        self._lookers = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._loaders = ThreadPoolExecutor(1, thread_name_prefix="upload")

    def add(self, application: web.Application) -> None:
        router = application.router
        self._auth.add(router)
        router.add_get("/upload/options", self._options)
        router.add_post("/upload", self._receive)
        router.add_post("/upload/{id}/look", self._preview)
        router.add_post("/upload/{id}/load", self._load)
        router.add_get("/upload/{id}", self._state)
        router.add_get("/upload/{id}/rejects/{table}", self._rejects)
        router.add_delete("/upload/{id}", self._drop)
        application.on_shutdown.append(self._end)

    async def _end(self, _: web.Application) -> None:
        for job in self._jobs.values():
            job.stop()
        loop = asyncio.get_running_loop()
        for threads in (self._lookers, self._loaders):
            await loop.run_in_executor(None, threads.shutdown)
        self._storage.close()

    def _upload(self, request: web.Request) -> Upload:
        upload = self._storage.get(request.match_info["id"])
        if upload is None:
            raise Problem(404, "this file is here no more: upload it again")
        return upload

    async def _options(self, request: web.Request) -> web.Response:
        self._auth.admit(request)
        return answer(
            {
                "kinds": [AUTO, *KINDS],
                "profiles": [AUTO, *PROFILES],
                "sources": sorted({self._exchange, *self._settings.sources}),
                "exchange": self._exchange,
                "time_zone": str(self._settings.time_zone),
                "most_bytes": self._most_bytes,
            }
        )

    async def _receive(self, request: web.Request) -> web.Response:
        self._auth.admit(request)
        if (request.content_length or 0) > self._most_bytes:
            raise self._too_large()
        try:
            upload = self._storage.new(request.query.get("name", ""))
        except Full:
            raise Problem(503, "too many files are here: load them, or take them away", 60) from None
        upload.users += 1
        try:
            await self._write(request, upload)
        except BaseException:
            self._storage.drop(upload)
            raise
        upload.users -= 1
        upload.is_whole = True
        return answer({"id": upload.id, "name": upload.path.name})

    async def _write(self, request: web.Request, upload: Upload) -> None:
        loop = asyncio.get_running_loop()
        size = 0
        try:
            with upload.path.open("xb") as file:
                upload.path.chmod(0o600)
                while chunk := await self._chunk(request):
                    size += len(chunk)
                    if size > self._most_bytes:
                        raise self._too_large()
                    await loop.run_in_executor(None, file.write, chunk)
        except OSError as error:
            raise Problem(507, f"the file cannot be kept where the listener runs: {error.strerror}") from None
        if not size:
            raise Problem(400, "the file is empty")

    async def _chunk(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(_SILENT_S):
                return await request.content.read(1 << 18)
        except TimeoutError:
            raise Problem(408, f"nothing of the file arrived for {_SILENT_S:.0f} s: upload it again") from None
        except (web.RequestPayloadError, ConnectionError, ValueError):
            raise Problem(400, "the file did not arrive whole: upload it again") from None

    def _too_large(self) -> Problem:
        return Problem(413, f"a file may have {self._most_bytes >> 20} MB: use `callfunnel load` for larger ones")

    async def _load_options(self, request: web.Request) -> LoadOptions:
        try:
            return msgspec.json.decode(await self._body(request), type=LoadRequest).options(self._exchange)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Problem(400, str(error)) from None

    async def _preview(self, request: web.Request) -> web.Response:
        self._auth.admit(request)
        upload, options = self._upload(request), await self._load_options(request)
        with _Using(upload):
            found, _ = await self._in_thread(upload, options)
        return answer(found)

    async def _load(self, request: web.Request) -> web.Response:
        self._auth.admit(request)
        upload, options = self._upload(request), await self._load_options(request)
        with _Using(upload):
            found, files = await self._in_thread(upload, options)
        if not files:
            raise Problem(422, "; ".join(found.failed) or "nothing in this file can be loaded")
        _refuse_busy(upload)
        upload.is_loading = True
        upload.users += 1
        self._jobs = {id_: job for id_, job in self._jobs.items() if self._storage.has(id_)}
        job = Job(upload, files, options, self._where)
        self._jobs[upload.id] = job
        done = asyncio.get_running_loop().run_in_executor(self._loaders, job.run)
        done.add_done_callback(lambda _: setattr(upload, "users", upload.users - 1))
        return answer({})

    async def _in_thread(self, upload: Upload, options: LoadOptions) -> tuple[Preview, list[PreparedFile]]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._lookers, preview, upload, options, self._settings)
        except Terminal as error:
            raise Problem(422, upload.hide_folder(str(error))) from None

    async def _state(self, request: web.Request) -> web.Response:
        self._auth.admit(request)
        job = self._jobs.get(self._upload(request).id)
        if job is None:
            raise Problem(409, "it is not being loaded")
        return answer(job.progress)

    async def _rejects(self, request: web.Request) -> web.StreamResponse:
        self._auth.admit(request)
        job = self._jobs.get(self._upload(request).id)
        path = job.rejects.get(request.match_info["table"]) if job is not None else None
        if path is None:
            raise Problem(404, "there is no file of rejected rows")
        disposition = f"attachment; filename*=UTF-8''{quote(f'rejected-{path.name}')}"
        return web.FileResponse(
            path, headers={"Content-Disposition": disposition, "Content-Type": "application/octet-stream"}
        )

    async def _drop(self, request: web.Request) -> web.Response:
        self._auth.admit(request)
        upload = self._upload(request)
        if upload.users:
            raise Problem(409, "it is being loaded")
        self._jobs.pop(upload.id, None)
        self._storage.drop(upload)
        return answer({})


def _refuse_busy(upload: Upload) -> None:
    """Raises Problem for a file that is not there yet, or not any more."""
    if not upload.is_whole:
        raise Problem(409, "this file is still being received: wait")
    if upload.is_loading:
        raise Problem(409, "this file was loaded: upload it again")


class _Using:
    """The upload is read meanwhile. Raises Problem when it cannot be."""

    def __init__(self, upload: Upload) -> None:
        _refuse_busy(upload)
        self._upload = upload

    def __enter__(self) -> None:
        self._upload.users += 1

    def __exit__(self, *_: object) -> None:
        self._upload.users -= 1
