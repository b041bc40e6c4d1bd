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
_AS_GRAFANA = {"7d": "1w", "14d": "2w", "60m": "1h", "24h": "1d"}
"""Durations come back in a form of its own."""


class Request(NamedTuple):
    method: str
    path: str
    body: Json


class Stub:
    """State and requests. As Grafana does, it adds ids, versions and defaults of its own."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.datasources: dict[str, Json] = {}
        self.folders: dict[str, Json] = {}
        self.dashboards: dict[str, Json] = {}
        self.rule_groups: dict[str, Json] = {}
        self.version = "13.1.0"
        self.fails: Callable[[Request], int] = lambda request: 0

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.method != "GET"]

    def answer(self, request: Request, token: str) -> tuple[int, Json]:
        self.requests.append(request)
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if failing := self.fails(request):
            return failing, {"message": "as the test wants"}
        kind, _, uid = request.path.removeprefix("/api/").partition("/")
        if kind == "frontend":
            return 200, {"buildInfo": {"version": self.version}}
        if kind == "datasources":
            return self._datasource(request, uid.removeprefix("uid/"))
        if kind == "v1":
            return self._rule_group(request)
        if kind == "folders":
            return self._folder(request, uid)
        return self._dashboard(request, uid.removeprefix("uid/"))

    def _datasource(self, request: Request, uid: str) -> tuple[int, Json]:
        if request.method == "GET":
            return (200, self.datasources[uid]) if uid in self.datasources else (404, {"message": "not found"})
        secret = request.body.pop("secureJsonData", {})
        fields = {"id": 7, "version": 1, "basicAuth": False, "secureJsonFields": dict.fromkeys(secret, True)}
        kept = request.body | fields
        self.datasources[request.body["uid"]] = kept
        return 200, {"datasource": kept, "message": "ok"}

    def _folder(self, request: Request, uid: str) -> tuple[int, Json]:
        if request.method == "GET":
            return (200, self.folders[uid]) if uid in self.folders else (404, {"message": "folder not found"})
        kept = {"uid": uid or request.body["uid"], "title": request.body["title"], "id": 3, "version": 1}
        self.folders[kept["uid"]] = kept
        return 200, kept

    def _dashboard(self, request: Request, uid: str) -> tuple[int, Json]:
        if request.method == "GET":
            return (200, self.dashboards[uid]) if uid in self.dashboards else (404, {"message": "Dashboard not found"})
        dashboard = request.body["dashboard"]
        if request.body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        before = self.dashboards.get(dashboard["uid"])
        if before and not request.body["overwrite"]:
            return 412, {"message": "The dashboard has been changed by someone else"}
        version = before["dashboard"]["version"] + 1 if before else 1
        kept = {**dashboard, "id": len(self.dashboards) + 1, "version": version, "fiscalYearStartMonth": 0}
        self.dashboards[dashboard["uid"]] = {"dashboard": kept, "meta": {"folderUid": request.body["folderUid"]}}
        return 200, {"uid": dashboard["uid"], "status": "success", "version": version}

    def _rule_group(self, request: Request) -> tuple[int, Json]:
        name = request.path.rpartition("/")[2]
        if request.method == "GET":
            return (200, self.rule_groups[name]) if name in self.rule_groups else (404, {"message": "not found"})
        if request.body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        kept = [
            {**one, "id": n, "updated": "2026-11-24T09:00:00Z"}
            | {key: _AS_GRAFANA.get(one[key], one[key]) for key in ("for", "keep_firing_for") if key in one}
            for n, one in enumerate(request.body["rules"])
        ]
        self.rule_groups[name] = {**request.body, "rules": kept}
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
            status, dashboard = stub.answer(
                Request(self.command, self.path, body), self.headers.get("Authorization", "")
            )
            content = json.dumps(dashboard).encode()
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
