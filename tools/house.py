"""`python -m tools.house`: how the code speaks and how it is cut, as counts that are to fall.

Reads the tracked files of the checkout as text and syntax trees; nothing of the project is run. `tests/test_house.py`
holds each count to its limit.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("schemas", "connectors", "pipeline", "grafana", "department")

_DIALECT = re.compile(r"(?<!there )(?<!There )\b(?:is|are) (?:no|none)\b|\bof nobody\b")
"""Negated nouns for adjectives, in code, docs and messages; "there is no call" is plain English."""
_PRIVATE_WORDS = frozenset({"said", "told", "became", "place", "words", "asked", "filled"})
"""Participles and metaphors as names of things."""
_COMMAND = re.compile(r"@(?:\w+\.)*(?:command|group)\(")
_LANGUAGE = re.compile(r"""(?:==|!=|startswith\()\s*["'](?:ru|en)["']""")


@cache
def _tracked() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.splitlines() if (ROOT / name).exists())


def modules() -> Iterator[Path]:
    """Python files of the product."""
    return (ROOT / name for name in _tracked() if name.endswith(".py") and name.split("/")[0] in ROOMS)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def class_names_in_several_files() -> dict[str, list[str]]:
    """Public class names -> the files that define them, where there are two or more."""
    files: defaultdict[str, set[str]] = defaultdict(set)
    for path in modules():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef):
                files[node.name].add(str(path.relative_to(ROOT)))
    return {name: sorted(found) for name, found in sorted(files.items()) if len(found) > 1}


def dialect() -> Counter[str]:
    """File -> how often it says "is no ...", "are none" or "of nobody"."""
    found: Counter[str] = Counter()
    for name in _tracked():
        spoken = name.endswith((".py", ".sql", ".toml")) and name.split("/")[0] in ROOMS
        written = name.endswith(".md") and name != "CHANGELOG.md"
        if spoken or written:
            found[name] += len(_DIALECT.findall((ROOT / name).read_text(encoding="utf-8")))
    return +found


def private_words() -> Counter[str]:
    """Private word -> how often it names something (a whole identifier)."""
    found: Counter[str] = Counter()
    for path in modules():
        with path.open("rb") as file:
            found.update(
                token.string
                for token in tokenize.tokenize(file.readline)
                if token.type == tokenize.NAME and token.string in _PRIVATE_WORDS
            )
    return found


def calls_of(function: str) -> Counter[str]:
    """File -> how often it calls `function`, by its last name."""
    found: Counter[str] = Counter()
    for path in modules():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                found[str(path.relative_to(ROOT))] += name == function
    return +found


def commands_without_a_command() -> list[str]:
    """Files of `pipeline/cli` that define no command: they belong into another room."""
    cli = (path for path in modules() if path.parent == ROOT / "pipeline" / "cli")
    return sorted(
        path.name
        for path in cli
        if not path.name.startswith("__") and not _COMMAND.search(path.read_text(encoding="utf-8"))
    )


def comparisons_with_a_language() -> Counter[str]:
    """File -> how often it asks "ru or not"."""
    found = {
        str(path.relative_to(ROOT)): len(_LANGUAGE.findall(path.read_text(encoding="utf-8"))) for path in modules()
    }
    return +Counter(found)


def lines() -> dict[str, int]:
    """File -> its lines."""
    return {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}


@cache
def counts() -> dict[str, int]:
    """Every count, by what is counted. Reads everything once."""
    sizes = lines()
    return {
        "class names in several files": len(class_names_in_several_files()),
        "is no, are none, of nobody": dialect().total(),
        "said, told, became, place, words, asked, filled": private_words().total(),
        "files that construct CallLeg": len(calls_of("CallLeg")),
        "files that compare in constant time": len(calls_of("compare_digest")),
        "files of pipeline/cli without a command": len(commands_without_a_command()),
        "comparisons with a language": comparisons_with_a_language().total(),
        "median lines of a file": int(statistics.median(sizes.values())),
        "most lines of a file": max(sizes.values()),
    }


def main() -> None:
    for what, count in counts().items():
        print(f"{count:6}  {what}")


if __name__ == "__main__":
    main()
