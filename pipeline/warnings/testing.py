"""A message to every address, at once and whatever the time is: whether the settings are right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from pipeline.warnings.outbox import OutboxMessage, message_id
from pipeline.warnings.receivers import MessageRoute, Receiver
from pipeline.warnings.watch import Send
from schemas.errors import CallfunnelError
from schemas.screens.translations.warnings import warning_texts


def trial_message(route: MessageRoute, language: str, now: datetime) -> OutboxMessage:
    """It says that nothing has happened."""
    phrases = warning_texts(language).phrases
    text = f"{phrases['test']}\n{phrases['test_text'].format(receiver=route.receiver)}"
    return OutboxMessage(
        message_id=message_id(route, [f"test:{now.isoformat()}"]),
        route=route,
        preview=phrases["test"],
        text=text,
        data={"kind": "test", "at": now.isoformat()},
        notices=(),
        created_at=now,
    )


async def try_all(
    receivers: Sequence[Receiver], send: Send, language: str, now: datetime
) -> list[tuple[MessageRoute, CallfunnelError | None]]:
    """Each address, and why nothing came there; None where the message was taken."""

    async def attempt(route: MessageRoute, of: str) -> tuple[MessageRoute, CallfunnelError | None]:
        try:
            await send(trial_message(route, of, now))
        except CallfunnelError as error:
            return route, error
        return route, None

    return await asyncio.gather(*(attempt(r, one.language or language) for one in receivers for r in one.routes))
