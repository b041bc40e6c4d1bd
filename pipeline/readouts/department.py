"""The settings of callfunnel.toml that screens and rules depend on."""

from __future__ import annotations

from typing import Any

from pipeline.settings import Settings
from schemas.parameters import Department, native, parameters_of


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
        page=settings.warnings.link,
        tells_by_itself=settings.warnings.delivers,
    )


def setting_parameters(settings: Settings, metric: str = "") -> dict[str, Any]:
    """Native parameters that come from the settings; of a metric only those that it takes."""
    found = native(department_of(settings).parameters)
    taken = parameters_of(metric) if metric else found
    return {name: value for name, value in found.items() if name in taken}
