"""Every sender of webhooks that is known."""

from __future__ import annotations

from connectors.webhooks import bitrix24, freeswitch, kommo, mango, megapbx, twilio, uis, zadarma
from connectors.webhooks.hook import Hook

HOOKS: dict[str, Hook] = {
    one.HOOK.kind: one.HOOK for one in (freeswitch, mango, megapbx, zadarma, uis, twilio, bitrix24, kommo)
}
