"""What `callfunnel listen esl` refuses before it connects."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.listen_esl import command
from schemas.errors import Terminal

PASSWORD = {"CALLFUNNEL_ESL_PASSWORD": "s3cret"}
SERVERS = {"CALLFUNNEL_KAFKA": "127.0.0.1:1", "CALLFUNNEL_CLICKHOUSE": "http://u:p@127.0.0.1:1/default"}


@pytest.mark.parametrize(
    ("options", "env", "message"),
    [
        ([], {}, "CALLFUNNEL_ESL_PASSWORD is not set: it must hold the event socket's password"),
        (["--password", "s3cret!"], PASSWORD, "give the name of an environment variable"),
        (["pbx.example:x"], PASSWORD, "'pbx.example:x' is not an address: HOST:8021"),
        (["--user", "calls"], PASSWORD, "'calls' is not USER@DOMAIN"),
        (["--user", "calls@pbx:s3"], PASSWORD, "'calls@pbx:s3' is not USER@DOMAIN"),
        (["--filter", "domain"], PASSWORD, "'domain' is not NAME=VALUE"),
        (["--filter", "a b=c"], PASSWORD, "'a b=c' is not NAME=VALUE"),
        (["--filter", "Caller-ANI=+7495"], PASSWORD, "takes a leading"),
        (["--filter", "a=b", "--backfill", "OFFICE_DB"], PASSWORD, "name a view of those calls with --table"),
        (["--backfill", "OFFICE_DB"], PASSWORD | SERVERS, "OFFICE_DB is not set"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], env: dict[str, str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALLFUNNEL_ESL_PASSWORD", raising=False)
    outcome = CliRunner().invoke(command, options, env=env)
    assert isinstance(outcome.exception, Terminal)
    assert message in str(outcome.exception)
    assert "s3cret" not in str(outcome.exception)
    assert list(tmp_path.iterdir()) == []
