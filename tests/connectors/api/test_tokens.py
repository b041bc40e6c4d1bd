"""Tokens that rotate: kept before they are used, by one process, and begun anew with a token that somebody gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.api.adapter import Account, ApiRequest, ApiResponse, PullOptions
from connectors.api.tokens import RotatingToken, TokenPair
from connectors.kommo.api import KommoAdapter
from connectors.live.checkpoint import Checkpoint
from schemas.errors import Terminal, Transient

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SEED = "the-first-refresh-token-of-all"


class Vendor:
    """Takes each refresh token once."""

    def __init__(self) -> None:
        self.refresh, self.number = SEED, 0
        self.status = 200
        self.now = NOW

    def send(self, account: Account, request: ApiRequest) -> ApiResponse:
        assert (account.address, request.path) == ("https://x.amocrm.ru", "/oauth2/access_token")
        assert isinstance(request.body, dict)
        if self.status != 200:
            return ApiResponse(self.status, {}, b"{}")
        if request.body["refresh_token"] != self.refresh:
            return ApiResponse(400, {}, b'{"hint": "Token has been revoked"}')
        self.number += 1
        self.refresh = f"refresh-{self.number}-of-the-integration"
        body = {"token_type": "Bearer", "expires_in": 86_400, "access_token": f"access-{self.number}"}
        return ApiResponse(200, {}, msgspec.json.encode(body | {"refresh_token": self.refresh}))

    def token(self, kept: Checkpoint[TokenPair], seed: str = SEED) -> RotatingToken:
        secret = f"https://x.amocrm.ru client-id client-secret https://redirect.example {seed}"
        refreshing = KommoAdapter(PullOptions()).refreshing(secret)
        assert refreshing is not None
        return RotatingToken(refreshing, kept, self.send, lambda: self.now)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Checkpoint[TokenPair]]:
    with Checkpoint(tmp_path, "callfunnel.kommo", "tokens", TokenPair) as checkpoint:
        yield checkpoint


def access(account: Account) -> str:
    return account.headers["Authorization"]


def test_pair_is_used_until_it_ends_by_any_process_and_then_renewed(kept: Checkpoint[TokenPair]) -> None:
    vendor = Vendor()
    assert access(vendor.token(kept).account()) == "Bearer access-1"
    assert access(vendor.token(kept).account()) == "Bearer access-1"  # another process
    vendor.now += timedelta(hours=24)
    assert access(vendor.token(kept).account()) == "Bearer access-2"
    assert access(vendor.token(kept).renew()) == "Bearer access-3"
    assert kept.path.stat().st_mode & 0o777 == 0o600


def test_new_pair_is_on_disk_before_it_is_used(kept: Checkpoint[TokenPair], monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = Vendor()

    def full(*_: object) -> None:
        raise Terminal("the checkpoint cannot be written")

    monkeypatch.setattr(kept, "write", full)
    with pytest.raises(Terminal, match="cannot be written"):
        vendor.token(kept).account()


def test_two_processes_never_share_the_tokens(tmp_path: Path, kept: Checkpoint[TokenPair]) -> None:
    with pytest.raises(Terminal, match="is open already"):
        Checkpoint(tmp_path, "callfunnel.kommo", "tokens", TokenPair).__enter__()


def test_token_that_was_used_elsewhere_says_what_to_do_and_a_new_one_begins_anew(kept: Checkpoint[TokenPair]) -> None:
    vendor = Vendor()
    vendor.token(kept).account()
    vendor.refresh = "a-new-token-from-the-cabinet"
    vendor.now += timedelta(days=2)
    with pytest.raises(Terminal, match="connect the integration anew") as caught:
        vendor.token(kept).account()
    assert SEED not in str(caught.value)
    assert access(vendor.token(kept, "a-new-token-from-the-cabinet").account()) == "Bearer access-2"


def test_vendor_that_is_away_takes_no_token(kept: Checkpoint[TokenPair]) -> None:
    vendor = Vendor()
    vendor.status = 502
    with pytest.raises(Transient):
        vendor.token(kept).account()
    vendor.status = 200
    assert access(vendor.token(kept).account()) == "Bearer access-1"
