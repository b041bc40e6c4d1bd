"""Every topic has real messages, and one test goes through them all: what they say is what the contract says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from schemas.codec import FRAME_LINES, Codec, encode
from schemas.json_schema import FOLDER, stale
from schemas.partitions import partition_of
from schemas.records import Activity, ManagerActivity
from schemas.topics import ALL, BY_NAME, Topic

EXAMPLES = FOLDER.with_name("examples")
FILES = sorted(EXAMPLES.rglob("*.json"))


def files_of(topic: Topic) -> list[Path]:
    return [file for file in FILES if file.parent.name == topic.name]


def validator(topic: str) -> jsonschema.Draft202012Validator:
    """Of the committed schema, as another producer would use it."""
    schema = json.loads((FOLDER / f"{topic}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_example_is_read_written_valid_and_of_one_partition(file: Path) -> None:
    topic = BY_NAME[file.parent.name]
    codec: Codec[Any] = Codec(topic.record)
    frame = file.read_bytes()

    records, lines, bad = codec.read(frame)
    assert bad == []
    assert 1 <= len(records) == len(lines) == len(frame.splitlines()) <= FRAME_LINES

    assert codec.read(b"\n".join(encode(record) for record in records))[0] == records

    fields = {"v", *topic.record.__struct_fields__}
    for line in frame.splitlines():
        example_text = json.loads(line)
        validator(topic.name).validate(example_text)
        assert example_text.keys() <= fields, "a field that nobody reads is misspelled"
        assert example_text["v"] == 1

    partitions = {partition_of(topic.key(record), topic.partitions) for record in records}
    assert len(partitions) == 1, "the lines of a frame are of one partition"
    assert partitions <= set(range(topic.partitions))


def test_every_topic_has_examples_and_every_example_a_topic() -> None:
    folders = {file.parent.name for file in FILES}
    assert folders == {topic.name for topic in ALL}
    for topic in ALL:
        assert len(files_of(topic)) >= 3


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_examples_say_every_field_and_leave_out_whatever_may_be(topic: Topic) -> None:
    examples = [json.loads(line) for file in files_of(topic) for line in file.read_bytes().splitlines()]
    required = {field.name for field in msgspec.structs.fields(topic.record) if field.required}
    assert set().union(*examples) == {"v", *topic.record.__struct_fields__}
    assert set.intersection(*map(set, examples)) == required | {"v"}


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_examples_show_every_word_of_the_small_closed_sets(topic: Topic) -> None:
    """Reasons are earned by fixtures of the connectors; the other sets are small enough to be shown whole."""
    schema = json.loads((FOLDER / f"{topic.name}.json").read_text(encoding="utf-8"))
    example_text = "".join(file.read_text(encoding="utf-8") for file in files_of(topic))
    for name, shape in schema["$defs"].items():
        if "enum" in shape and name not in ("Reason", "Disposition"):
            assert [word for word in shape["enum"] if f'"{word}"' not in example_text] == []


def test_committed_schemas_are_what_the_records_say() -> None:
    assert stale() == []


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_schema_refuses_what_the_codec_refuses(topic: Topic) -> None:
    """A producer that checks by the schema is not surprised: each required field, the version, and the bounds."""
    good = json.loads(files_of(topic)[0].read_bytes().splitlines()[0])
    codec: Codec[Any] = Codec(topic.record)
    check = validator(topic.name)
    required = [field.name for field in msgspec.structs.fields(topic.record) if field.required]
    wrong = [{key: value for key, value in good.items() if key != name} for name in required]
    wrong += [{**good, "v": 2}, {**good, "version": -1}, {**good, "version": 2**63}, {**good, "version": "1"}]
    for bad in wrong:
        assert not check.is_valid(bad)
        assert len(codec.read(json.dumps(bad).encode())[2]) == 1


def test_bucket_of_an_example_is_the_five_minutes_of_its_time() -> None:
    for file in FILES:
        if file.parent.name == "activities":
            for record in Codec(Activity).read(file.read_bytes())[0]:
                assert record.bucket % 300 == 0
                assert record.bucket <= record.at.timestamp() < record.bucket + 300
        if file.parent.name == "manager-activity":
            for cell in Codec(ManagerActivity).read(file.read_bytes())[0]:
                assert cell.bucket % 300 == 0
                assert len(cell.currencies) == len(cell.amounts)
