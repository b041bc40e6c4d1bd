"""The description is what the routes are."""

from __future__ import annotations

from typing import Any

from connectors.http import openapi
from connectors.http.reading import ROUTES
from tests.connectors.http.listener import listening


def test_committed_copy_is_what_is_generated() -> None:
    assert openapi.FILE.read_bytes() == openapi.text()


def test_listener_serves_it() -> None:
    with listening() as listener:
        assert listener.ask("GET", "/openapi.json").json == openapi.document()


def test_every_route_is_described_with_its_words_and_answers() -> None:
    document = openapi.document()
    assert set(document["paths"]) == {*(route.path for route in ROUTES), "/ping", "/openapi.json"}
    for route in ROUTES:
        post = document["paths"][route.path]["post"]
        one, many = post["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
        name = one["$ref"].rpartition("/")[2]
        assert many["items"] == one
        shape = document["components"]["schemas"][name]
        assert set(shape["properties"]) == set(route.contract.__struct_fields__)
        assert shape["additionalProperties"] is False
        assert {"200", "401", "413", "415", "422", "429", "503"} <= set(post["responses"])


def test_every_reference_leads_somewhere() -> None:
    document = openapi.document()
    names = set(document["components"]["schemas"])

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"].rpartition("/")[2] in names
            for one in value.values():
                look(one)
        elif isinstance(value, list):
            for one in value:
                look(one)

    look(document)
