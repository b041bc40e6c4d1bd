"""An account of Kommo or amoCRM that answers as the documentation of API v4 says: 204 for nothing, pages with `next`,
at most 250 of one page and 100 of events, seven requests a second, windows whose ends are both included.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "longlivedtokenoftheintegration"
_Row = dict[str, Any]
WON, LOST = 142, 143


class KommoAccount:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.lists: dict[str, list[_Row]] = {name: [] for name in ("users", "companies", "contacts", "leads", "events")}
        for entity in ("contacts", "companies", "leads"):
            self.lists[f"{entity}/notes"] = []
        self.pipelines: list[_Row] = []
        self.errors: list[tuple[int, _Row | bytes]] = []
        self.asked: list[tuple[str, str]] = []
        self.refused = 0
        self.is_admin = True
        self._number = 1_000_000
        self._recent: list[datetime] = []

    # What happens in it.

    def add(self, list_name: str, /, **fields: Any) -> _Row:
        self._number += 1
        now = int(self.clock().timestamp())
        row: _Row = {"id": self._number, "created_at": now, "updated_at": now, "created_by": 7,
                     "responsible_user_id": 7, "_embedded": {}} | fields  # fmt: skip
        self.lists[list_name].append(row)
        return row

    def company(self, title: str, *phones: str) -> _Row:
        return self.add("companies", name=title, custom_fields_values=_phones(phones), _embedded={"contacts": []})

    def contact(self, name: str, *phones: str, company: _Row | None = None) -> _Row:
        links = [{"id": company["id"]}] if company else []
        row = self.add("contacts", name=name, custom_fields_values=_phones(phones), _embedded={"companies": links})
        if company:
            company["_embedded"]["contacts"].append({"id": row["id"]})
        return row

    def lead(self, status: int, *, company: _Row | None = None, contact: _Row | None = None, price: int = 0) -> _Row:
        linked = {"companies": [{"id": company["id"]}] if company else []}
        linked["contacts"] = [{"id": contact["id"], "is_main": True}] if contact else []
        row = self.add("leads", name="Сделка", price=price, pipeline_id=5, status_id=status, _embedded=linked)
        for one in (company, contact):
            if one:
                one["_embedded"].setdefault("leads", []).append({"id": row["id"]})
        return row

    def move(self, lead: _Row, status: int, by: int = 7) -> None:
        now = int(self.clock().timestamp())
        before, after = ({"lead_status": {"id": one, "pipeline_id": 5}} for one in (lead["status_id"], status))
        self._event("lead_status_changed", "lead", lead["id"], by, [before], [after])
        lead |= {"status_id": status, "updated_at": now}

    def price(self, lead: _Row, price: int, by: int = 7) -> None:
        before, after = ({"sale_field_value": {"sale": one}} for one in (lead["price"], price))
        self._event("sale_field_changed", "lead", lead["id"], by, [before], [after])
        lead |= {"price": price, "updated_at": int(self.clock().timestamp())}

    def delete(self, entity: str, row: _Row) -> None:
        """`entity`: company, contact."""
        self.lists[{"company": "companies", "contact": "contacts"}[entity]].remove(row)
        self._event(f"{entity}_deleted", entity, row["id"])

    def merge(self, entity: str, loser: _Row, winner: _Row) -> None:
        """The loser is gone; the winner has its numbers."""
        self.lists[{"company": "companies", "contact": "contacts"}[entity]].remove(loser)
        fields = (winner["custom_fields_values"] or []) + (loser["custom_fields_values"] or [])
        winner |= {"custom_fields_values": fields, "updated_at": int(self.clock().timestamp())}
        for one in (loser, winner):
            self._event("entity_merged", entity, one["id"])

    def _event(
        self, kind: str, entity: str, key: int, by: int = 7, before: list[_Row] | None = None,
        after: list[_Row] | None = None,
    ) -> None:  # fmt: skip
        self._number += 1
        self.lists["events"].append(
            {"id": f"e{self._number}", "type": kind, "entity_id": key, "entity_type": entity, "created_by": by,
             "created_at": int(self.clock().timestamp()), "value_before": before or [], "value_after": after or []}
        )  # fmt: skip

    def call(self, entity: str, uniq: str, seconds: int, *, way: str = "call_out", phone: str = "+74950000001") -> _Row:
        params = {"uniq": uniq, "duration": seconds, "source": "pbx", "link": "", "phone": phone}
        params["call_status"] = 4 if seconds else 6
        return self.add(f"{entity}/notes", entity_id=1, note_type=way, params=params)

    # How it answers.

    def answer(self, path: str, query: str, headers: dict[str, str]) -> tuple[int, _Row | bytes]:
        self.asked.append((path, query))
        if self.errors:
            return self.errors.pop(0)
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"title": "Unauthorized", "status": 401, "detail": "Token has expired"}
        now = self.clock()
        self._recent = [at for at in self._recent if now - at < timedelta(seconds=1)]
        self._recent.append(now)
        if len(self._recent) > 7:
            self.refused += 1
            return 429, {"title": "Too Many Requests", "status": 429}
        name = path.removeprefix("/api/v4/")
        if name == "account":
            return 200, {"id": 1, "name": "Отдел", "currency": "RUB"}
        if name == "leads/pipelines":
            return 200, {"_embedded": {"pipelines": self.pipelines}}
        if name == "users" and not self.is_admin:
            return 403, {"title": "Forbidden", "status": 403}
        return self._page(name, parse_qsl(query))

    def _page(self, name: str, query: list[tuple[str, str]]) -> tuple[int, _Row | bytes]:
        asked = dict(query)
        most = 100 if name == "events" else 250
        limit, page = min(int(asked.get("limit", 50)), most), int(asked.get("page", 1))
        ids = [int(value) for key, value in query if key in ("filter[id][]", "filter[entity_id][]")]
        assert len(ids) <= (10 if name == "events" else 250)
        field = "entity_id" if name == "events" else "id"
        since, until = asked.get("filter[updated_at][from]"), asked.get("filter[updated_at][to]")
        kinds = [value for key, value in query if key == "filter[note_type][]"]
        types = asked.get("filter[type]", "").split(",")
        began, ended = asked.get("filter[created_at][from]"), asked.get("filter[created_at][to]")
        rows = [
            row
            for row in self.lists[name]
            if (not ids or row[field] in ids)
            and (since is None or row["updated_at"] >= int(since))
            and (until is None or row["updated_at"] <= int(until))
            and (not kinds or row["note_type"] in kinds)
            and (name != "events" or row["type"] in types)
            and (began is None or row["created_at"] >= int(began))
            and (ended is None or row["created_at"] <= int(ended))
        ]
        rows.sort(key=lambda row: row["id"], reverse=name == "events")
        found = rows[(page - 1) * limit : page * limit]
        if not found:
            return 204, b""
        links = {"self": {"href": "x"}} | ({"next": {"href": "y"}} if page * limit < len(rows) else {})
        return 200, {"_page": page, "_links": links, "_embedded": {name.rpartition("/")[2]: found}}


def _phones(phones: tuple[str, ...]) -> list[_Row] | None:
    values = [{"value": phone, "enum_code": "WORK"} for phone in phones]
    return [{"field_code": "PHONE", "values": values}] if phones else None
