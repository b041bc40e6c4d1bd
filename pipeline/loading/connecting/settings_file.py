"""A source into the text of callfunnel.toml: what somebody wrote there stays, with its comments. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from pipeline.loading.connecting.propose import StageProposal
from schemas.errors import Terminal


def with_source(
    text: str,
    name: str,
    options: Mapping[str, Any],
    proposals: Sequence[StageProposal],
    managers: Mapping[str, str] = {},
    *,
    time_zone: str = "",
) -> str:
    """The text with `[listen.NAME]`, its `managers`, and `time_zone` and `stages` of `[sources.NAME]`.

    A key that is there keeps its value.

    Raises Terminal when the file is written in a way that cannot be added to.
    """
    try:
        document = tomlkit.parse(text)
        listen = _table(_table(document, "listen", is_super=True), name)
        for key, value in options.items():
            if key not in listen:
                listen.add(key, value)
        if managers:
            people = _table(listen, "managers")
            for user, manager_id in managers.items():
                if user not in people:
                    people.add(user, manager_id)
        if time_zone:
            zoned = _table(_table(document, "sources", is_super=True), name)
            if "time_zone" not in zoned:
                zoned.add("time_zone", time_zone)
        if proposals:
            source = _table(_table(document, "sources", is_super=True), name, is_super=True)
            stages = _table(source, "stages")
            before = len(stages.value.body)
            _put_stages(stages, proposals)
            if len(stages.value.body) > before:
                stages.add(tomlkit.nl())
        new = tomlkit.dumps(document)
        _check(text, new, name)
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError) as error:
        raise Terminal(f"[listen.{name}] cannot be written into the file ({error}): write it by hand") from None
    return new


def _table(parent: Container | Table, name: str, *, is_super: bool = False) -> Table:
    found = parent.get(name)
    if found is None:
        parent.add(name, tomlkit.table(is_super_table=is_super))
        found = parent[name]
    if not isinstance(found, Table):
        raise TypeError(f"{name} is not a table of its own")
    return found


def _put_stages(table: Table, proposals: Sequence[StageProposal]) -> None:
    for one in proposals:
        stage = one.stage
        if stage.key in table:
            continue
        comment = "; ".join(filter(None, (f"{stage.pipeline}: {stage.title}", stage.count, one.why))).replace("\n", " ")
        if one.code:
            value = tomlkit.string(one.code)
            value.comment(comment)
            table.add(stage.key, value)
        else:
            table.add(tomlkit.comment(f'"{stage.key}" = ""  # {comment}: which of ours?'))


def _check(old: str, new: str, name: str) -> None:
    """That nothing else was changed."""
    before, after = tomllib.loads(old), tomllib.loads(new)
    if "time_zone" not in before.get("sources", {}).get(name, {}):
        after.get("sources", {}).get(name, {}).pop("time_zone", None)
    for whole in (before, after):
        whole.get("listen", {}).pop(name, None)
        whole.get("sources", {}).get(name, {}).pop("stages", None)
        for table in ("listen", "sources"):
            if table == "sources" and not whole.get(table, {}).get(name, True):
                del whole[table][name]
            if not whole.get(table, True):
                del whole[table]
    if before != after:
        raise TypeError("something else would change")
