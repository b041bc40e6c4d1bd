"""Where the example files are: `VENDOR/golden/PROFILE`, found from the folders."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/golden/*/*.json"))
"""What a person read out of each file."""


def golden(name: str) -> Path:
    """The file of `3cx/v20_27_fields.csv`, say; the folder of `3cx`."""
    (found,) = HERE.glob(f"*/golden/{name}")
    return found
