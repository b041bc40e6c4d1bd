"""Files that alerts are provisioned from: `python -m grafana.alerts.build` writes them, `--check` compares.

As those of the boards, the committed files have the settings of the bundled example department.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana.alerts import notifications, rules
from grafana.build import EXAMPLE
from grafana.releases import NEWEST, Release
from schemas.parameters import Department

FOLDER = Path(__file__).parent.parent / "provisioning" / "alerting"
_HEAD = "# Made by `make boards`; the source is grafana/alerts and schemas/alerts.py.\n"


def files(department: Department = EXAMPLE, release: Release = NEWEST) -> dict[str, str]:
    """File name -> its text."""
    made = {
        "rules": rules.file(department, release),
        "contact-points": notifications.contact_points(),
        "policies": notifications.policies(),
        "templates": notifications.templates(),
    }
    return {f"{name}.yaml": _HEAD + "\n".join(_yaml(content, 0)) + "\n" for name, content in made.items()}


def write(folder: Path, department: Department, release: Release = NEWEST) -> list[Path]:
    """Write every file."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / name: text for name, text in files(department, release).items()}
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return list(wanted)


def stale(folder: Path = FOLDER) -> list[str]:
    """Files that are not what their definition says, missing ones and those too many."""
    wanted = files()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def _yaml(value: Any, depth: int) -> Iterator[str]:
    """Lines of block YAML: SQL and templates readable, every other text in quotes."""
    indent = "  " * depth
    entries = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    for name, one in entries:
        head = f"{indent}-" if name is None else f"{indent}{name}:"
        if isinstance(one, str) and "\n" in one:
            yield f"{head} |{'' if one.endswith(chr(10)) else '-'}"
            yield from (f"{indent}  {line}".rstrip() for line in one.rstrip("\n").split("\n"))
        elif isinstance(one, dict | list) and one:
            lines = list(_yaml(one, depth + 1))
            if name is None:
                lines[0] = f"{head} {lines[0].lstrip()}"
            else:
                yield head
            yield from lines
        else:
            yield f"{head} {json.dumps(one, ensure_ascii=False)}"


def main() -> None:
    if "--check" not in sys.argv[1:]:
        write(FOLDER, EXAMPLE)
    elif wrong := stale():
        sys.exit(f"not as their definition says: {', '.join(wrong)}; run `make boards`")


if __name__ == "__main__":
    main()
