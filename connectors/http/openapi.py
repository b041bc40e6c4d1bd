"""OpenAPI of the generic routes, generated from their words: `python -m connectors.http.openapi [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from connectors.http.reading import JSON, LINES, ROUTES, Route
from schemas.records import Reason

FILE = Path(__file__).with_name("openapi.json")


class Reject(msgspec.Struct, frozen=True):
    """An item that is not a record. It is kept, counted and shown with the other rejects."""

    place: int
    """Of the item in the body: its number, or its line, from 1."""
    reason: Reason
    field: str
    """The field at fault, "" when it is the item as a whole."""
    detail: str


class Taken(msgspec.Struct, frozen=True):
    """What became of a body. An item that `rejects` does not name was accepted."""

    accepted: int
    rejected: int
    rejects: list[Reject]


class Trouble(msgspec.Struct, frozen=True):
    """Why nothing was taken."""

    error: str


_POSTED = "Posted"
"""How classes of the contract begin whose names other records have; clients know the components without it."""
_ERRORS = {
    "400": "The request is malformed, or its body does not come through.",
    "401": "No token, or a wrong one.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "415": "The body is neither JSON nor JSON lines.",
    "429": "Too many requests: come again in `Retry-After` seconds.",
    "503": "Kafka is away: nothing is promised. Send it again after `Retry-After` seconds; twice counts once.",
}


def document() -> dict[str, Any]:
    """The description, as JSON values."""
    shapes, components = msgspec.json.schema_components(
        [*(route.contract for route in ROUTES), Taken, Trouble], ref_template="#/components/schemas/{name}"
    )
    components = {name.removeprefix(_POSTED): component for name, component in components.items()}
    shapes = tuple({"$ref": shape["$ref"].replace(f"/{_POSTED}", "/")} for shape in shapes)
    for component in components.values():
        component["title"] = component["title"].removeprefix(_POSTED)
        for field in component.get("properties", {}).values():
            if field.get("format") == "decimal":
                field["type"] = ["number", "string"]  # msgspec reads both, and describes the text
    of = dict(zip([*(route.contract for route in ROUTES), Taken, Trouble], shapes, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "callfunnel",
            "version": "1",
            "description": "Records of a telephone exchange and of a CRM, one or many. 200 says that Kafka has them."
            " A record has an identity: sending it again changes nothing, sending it corrected replaces it.",
        },
        "security": [{"token": []}, {"password": []}],
        "paths": {
            **{route.path: {"post": _post(route, of)} for route in ROUTES},
            "/ping": {"get": _get("ping", "Whether the listener is there; tells a dead sender from a quiet hour", of)},
            "/openapi.json": {"get": _get("describe", "This description", of)},
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic", "description": "Any user; the token as the password."},
            },
        },
    }


def _post(route: Route[Any], of: dict[Any, Any]) -> dict[str, Any]:
    one = of[route.contract]
    many = {"type": "array", "items": one}
    return {
        "operationId": f"post_{route.path[1:]}",
        "summary": f"{route.title}: one, an array, or one a line",
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"anyOf": [one, many]}},
                LINES[0]: {"schema": {"type": "string", "description": "The same objects, one a line."}},
            },
        },
        "responses": {
            "200": {"description": "Kafka has what was accepted, and what was rejected.", **_body(of[Taken])},
            "422": {"description": "Every item was rejected; Kafka has the rejects.", **_body(of[Taken])},
            **{code: {"description": description, **_body(of[Trouble])} for code, description in _ERRORS.items()},
        },
    }


def _get(name: str, summary: str, of: dict[Any, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "It is there.", "content": {JSON: {"schema": {"type": "object"}}}},
            **{code: {"description": _ERRORS[code], **_body(of[Trouble])} for code in ("400", "401", "429")},
        },
    }


def _body(schema: Any) -> dict[str, Any]:
    return {"content": {JSON: {"schema": schema}}}


def text() -> bytes:
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=2) + b"\n"


def main() -> None:
    """Write the file, or with --check only say whether it is stale (exit 1)."""
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_bytes() != text():
            sys.exit(f"stale: {FILE.name}: run `make schemas`")
        return
    FILE.write_bytes(text())


if __name__ == "__main__":
    main()
