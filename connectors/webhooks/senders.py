"""Every sender of webhooks that is known."""

from __future__ import annotations

from connectors.webhooks import kommo, mango
from connectors.webhooks.hook import Hook

HOOKS: dict[str, Hook] = {hook.kind: hook for hook in (mango.HOOK, kommo.HOOK)}
