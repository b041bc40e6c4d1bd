"""docs/http.md says what there is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from connectors.http.reading import ROUTES
from connectors.registry import HOOKS

TEXT = (Path(__file__).parents[3] / "docs" / "http.md").read_text(encoding="utf-8")
ROWS = {cells[0]: cells[1:] for line in TEXT.splitlines() if line.startswith("| ") for cells in [line.split(" | ")]}


def test_every_field_that_may_be_posted_is_named_and_every_required_one_is_bold() -> None:
    for route in ROUTES:
        fields = ROWS[f"| {route.path}"][0]
        known = msgspec.inspect.type_info(route.contract)
        assert isinstance(known, msgspec.inspect.StructType)
        for field in known.fields:
            assert re.search(rf"\b{field.name}\b", fields), (route.path, field.name)
            assert (f"**{field.name}**" in fields) == field.required, (route.path, field.name)


def test_every_sender_of_webhooks_has_a_row() -> None:
    known = {name.removeprefix("| ") for name in ROWS}
    assert set(HOOKS) <= known
