"""The settings of callfunnel.toml that screens and rules depend on."""

from __future__ import annotations

from pipeline.settings import Settings
from schemas.parameters import Department


def department_of(settings: Settings) -> Department:
    """The settings that boards depend on."""
    hours = settings.calendar.hours
    return Department(
        zone=settings.time_zone.key,
        conversation_s=settings.conversation_s,
        stages=settings.stages,
        opens_s=hours["opens_s"],
        closes_s=hours["closes_s"],
        masks_numbers=settings.privacy.mask,
    )
