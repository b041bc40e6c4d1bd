"""A Grafana that has what boards need of its HTTP API, and remembers every request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

TOKEN = "glsa_of_the_test"  # of nothing
Json = dict[str, Any]


class Asked(NamedTuple):
    method: str
    path: str
    body: Json


class Stub:
    """State and requests. As Grafana does, it adds ids, versions and defaults of its own."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.datasources: dict[str, Json] = {}
        self.folders: dict[str, Json] = {}
        self.dashboards: dict[str, Json] = {}
        self.rule_groups: dict[str, Json] = {}
        self.fails: Callable[[Asked], int] = lambda asked: 0

    @property
    def writes(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method != "GET"]

    def answer(self, asked: Asked, token: str) -> tuple[int, Json]:
        self.asked.append(asked)
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if failing := self.fails(asked):
            return failing, {"message": "as the test wants"}
        kind, _, uid = asked.path.removeprefix("/api/").partition("/")
        if kind == "datasources":
            return self._datasource(asked, uid.removeprefix("uid/"))
        if kind == "v1":
            return self._rule_group(asked)
        if kind == "folders":
            return self._folder(asked, uid)
        return self._dashboard(asked, uid.removeprefix("uid/"))

    def _datasource(self, asked: Asked, uid: str) -> tuple[int, Json]:
        if asked.method == "GET":
            return (200, self.datasources[uid]) if uid in self.datasources else (404, {"message": "not found"})
        secret = asked.body.pop("secureJsonData", {})
        fields = {"id": 7, "version": 1, "basicAuth": False, "secureJsonFields": dict.fromkeys(secret, True)}
        kept = asked.body | fields
        self.datasources[asked.body["uid"]] = kept
        return 200, {"datasource": kept, "message": "ok"}

    def _folder(self, asked: Asked, uid: str) -> tuple[int, Json]:
        if asked.method == "GET":
            return (200, self.folders[uid]) if uid in self.folders else (404, {"message": "folder not found"})
        kept = {"uid": uid or asked.body["uid"], "title": asked.body["title"], "id": 3, "version": 1}
        self.folders[kept["uid"]] = kept
        return 200, kept

    def _dashboard(self, asked: Asked, uid: str) -> tuple[int, Json]:
        if asked.method == "GET":
            return (200, self.dashboards[uid]) if uid in self.dashboards else (404, {"message": "Dashboard not found"})
        said = asked.body["dashboard"]
        if asked.body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        before = self.dashboards.get(said["uid"])
        if before and not asked.body["overwrite"]:
            return 412, {"message": "The dashboard has been changed by someone else"}
        version = before["dashboard"]["version"] + 1 if before else 1
        kept = {**said, "id": len(self.dashboards) + 1, "version": version, "fiscalYearStartMonth": 0}
        self.dashboards[said["uid"]] = {"dashboard": kept, "meta": {"folderUid": asked.body["folderUid"]}}
        return 200, {"uid": said["uid"], "status": "success", "version": version}

    def _rule_group(self, asked: Asked) -> tuple[int, Json]:
        name = asked.path.rpartition("/")[2]
        if asked.method == "GET":
            return (200, self.rule_groups[name]) if name in self.rule_groups else (404, {"message": "not found"})
        if asked.body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        kept = [{**one, "id": n, "updated": "2026-11-24T09:00:00Z"} for n, one in enumerate(asked.body["rules"])]
        self.rule_groups[name] = {**asked.body, "rules": kept}
        return 200, self.rule_groups[name]


@contextmanager
def serving(stub: Stub) -> Iterator[str]:
    """Its address, while it serves."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # the head and the body of an answer are written apart

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else {}
            status, said = stub.answer(Asked(self.command, self.path, body), self.headers.get("Authorization", ""))
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
