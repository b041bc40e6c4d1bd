"""Reading numbers: metric SQL bound to parameters, answers as typed rows. As the read-only user where there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.endpoints import find, is_embedded, running_stack
from pipeline.store import connect, store_error
from schemas import metrics
from schemas.mask import mask_row

T = TypeVar("T")


class Numbers:
    """Answers of metrics."""

    def __init__(self, client: Client, *, masked: bool = False) -> None:
        self._client = client
        self._masked = masked
        """Telephone numbers in answers are hidden: for readers who may not see them."""

    def rows(self, metric: str, row: type[T], parameters: Mapping[str, Any]) -> list[T]:
        """Each row of the answer as a `row`. Raises Transient or Terminal."""
        return self.ask(metrics.text(metric), row, parameters)

    def ask(self, sql: str, row: type[T], parameters: Mapping[str, Any]) -> list[T]:
        """The same of SQL that reads a metric. Raises Transient or Terminal."""
        try:
            answer = self._client.raw_query(sql, parameters=dict(parameters), fmt="JSONEachRow")
        except (ClickHouseError, HTTPError, OSError) as error:
            raise store_error(error) from error
        # Not strict: a server may quote 64-bit integers.
        lines = (line for line in answer.split(b"\n") if line)
        if not self._masked:
            return [msgspec.json.decode(line, type=row, strict=False) for line in lines]
        return [msgspec.convert(mask_row(msgspec.json.decode(line)), row, strict=False) for line in lines]


def numbers(data: Path | None = None, env: Mapping[str, str] = os.environ, *, masked: bool = False) -> Numbers:
    """Numbers of the running embedded stack (as a reader), or of the server that the environment names."""
    return Numbers(connect(reading_dsn(data, env)), masked=masked)


def reading_dsn(data: Path | None = None, env: Mapping[str, str] = os.environ) -> str:
    """Where commands of ours read. Raises Terminal."""
    if not is_embedded(data, env):
        return find(data, env).clickhouse
    running = running_stack(data, env)
    return running.report or running.reader
