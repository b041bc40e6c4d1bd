"""JSON Schemas of the wire, one per topic, generated from the records: `python -m schemas.json_schema [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from schemas.topics import ALL, Topic

FOLDER = Path(__file__).with_name("json")


def schema_of(topic: Topic) -> bytes:
    """The JSON Schema (draft 2020-12) of one line of a topic."""
    schema = msgspec.json.schema(topic.record)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": f"topic {topic.name}", **schema}
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=2) + b"\n"


def stale() -> list[str]:
    """Names of the files that differ from what the records say."""
    wanted = {f"{topic.name}.json": schema_of(topic) for topic in ALL}
    present = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def main() -> None:
    """Write the files, or with --check only say which are stale (exit 1)."""
    if "--check" in sys.argv[1:]:
        if names := stale():
            sys.exit(f"stale: {', '.join(names)}: run `make schemas`")
        return
    FOLDER.mkdir(exist_ok=True)
    for topic in ALL:
        (FOLDER / f"{topic.name}.json").write_bytes(schema_of(topic))


if __name__ == "__main__":
    main()
