"""Coverage-guided fuzzing of every source: `python -m bench.fuzz [SOURCE|all] [SECONDS]`; without one, their names.

It wants atheris, which is no dependency of ours: `pip install atheris==3.0.0` into an environment that is thrown away.
Findings (inputs made as small as they get) and corpora stay in `bench/.work/fuzz/`;
`python -m bench.fuzz SOURCE --again FILE` reads one again, without atheris.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.fuzz_targets import Case

FOLDER = Path(__file__).parent / ".work" / "fuzz"
MOST_BYTES = 65_536
_SECONDS = 120
_HANGS_S = 30
_MEMORY_MB = 1_500
_MOST_SHRINKING_S = 30.0
_DONE = re.compile(r"#\d+\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)")
_UNITS = re.compile(r"number_of_executed_units:\s+(\d+)")
_ENDED = ("timeout", "oom", "crash")
"""How names of inputs begin that ended the process."""
_RSS = re.compile(r"peak_rss_mb:\s+(\d+)")


def main() -> None:
    match sys.argv[1:]:
        case [name, "--within", seconds]:
            _fuzz(name, int(seconds))
        case [name, "--again", file]:
            _again(name, Path(file))
        case [name, *seconds]:
            _require()
            for one in _names() if name == "all" else name.split(","):
                _run(one, int(seconds[0]) if seconds else _SECONDS)
        case _:
            print(*_names(), sep="\n")


def _names() -> list[str]:
    from bench.fuzz_targets import targets

    return list(targets())


def _require() -> Any:
    try:
        return importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not here: python -m venv FUZZ && FUZZ/bin/pip install -e '.[dev]' atheris==3.0.0")


def _run(name: str, seconds: int) -> None:
    """One target in a process of its own, and a line of its result."""
    with tempfile.TemporaryDirectory() as scratch:  # libFuzzer ends its process without a last word
        finished = subprocess.run(
            [sys.executable, "-m", "bench.fuzz", name, "--within", str(seconds)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "TMPDIR": scratch},
        )
    folder = FOLDER / name
    (folder / "log").write_text(finished.stdout + finished.stderr, encoding="utf-8")
    done, units, memory = (pattern.findall(finished.stderr) for pattern in (_DONE, _UNITS, _RSS))
    found = sorted(path.name for path in folder.iterdir() if path.name.startswith(_ENDED) or path.suffix == ".txt")
    edges, features, corpus = done[-1] if done else ("?", "?", "?")
    print(
        f"{name:22} {(units or ['?'])[-1]:>9} executions, {edges:>6} edges, {features:>6} features, {corpus:>5} inputs,"
        f" {(memory or ['?'])[-1]:>5} MB, exit {finished.returncode}: {len(found)} findings {' '.join(found)}",
        flush=True,
    )


def _fuzz(name: str, seconds: int) -> None:
    atheris = _require()
    with atheris.instrument_imports(include=["connectors", "schemas"]):
        from bench.fuzz_checks import check
        from bench.fuzz_mutator import Mutator
        from bench.fuzz_targets import targets

        cases = targets()[name]
    folder = FOLDER / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases):
        (corpus / f"golden-{number:03d}").write_bytes(bytes([number]) + case.seed)
        for found in folder.glob(f"*-{case.name}"):  # of a run before this one: it is read again
            (corpus / found.name).write_bytes(bytes([number]) + found.read_bytes())
            found.with_name(found.name.partition("-")[0]).with_suffix(".txt").unlink(missing_ok=True)
            found.unlink()
    # Its name is another function once Fuzz() has begun.
    mutator = Mutator([case.seed for case in cases], lambda data, most: atheris.Mutate(data, most))
    known: set[str] = set()

    def change(data: bytes, most: int, seed: int) -> bytes:
        number = seed % 16 if seed % 64 < 16 else data[0] if data else 0
        return bytes([number % len(cases)]) + mutator.change(data[1:], min(most, MOST_BYTES) - 1, seed)

    def one(data: bytes) -> None:
        if not data:
            return
        case = cases[data[0] % len(cases)]
        try:
            check(case, data[1:])
        except Exception as error:  # whatever a parser raises is what is looked for
            if (key := _key(error)) not in known and len(known) < 40:
                known.add(key)
                _keep(folder, case, data[1:], key)

    flags = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        "-len_control=20",
        f"-timeout={_HANGS_S}",
        f"-rss_limit_mb={_MEMORY_MB}",
        "-print_final_stats=1",
        f"-artifact_prefix={folder}{os.sep}",
    ]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


def _key(error: Exception) -> str:
    """What a finding is known by: what was raised, and where of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{Path(frame.filename).stem}.{frame.name}" for frame in frames if "/connectors/" in frame.filename]
    message = re.sub(r"\d+", "N", str(error))[:60] if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__}: {message} {ours[-1] if ours else ''}"


def _keep(folder: Path, case: Case, data: bytes, key: str) -> None:
    """Writes a finding down: its input, made small, and what is wrong of it."""
    small = _shrunk(case, data, key)
    name = hashlib.blake2b(key.encode(), digest_size=4).hexdigest()
    (folder / f"{name}-{case.name}").write_bytes(small)
    (folder / f"{name}.txt").write_text(f"{case.name}: {key}\n{_wrong(case, small)}", encoding="utf-8")


def _wrong(case: Case, data: bytes) -> str:
    """The traceback of what is wrong; "" when nothing is."""
    from bench.fuzz_checks import check

    try:
        check(case, data)
    except Exception:  # the same: it is reported
        return traceback.format_exc()
    return ""


def _shrunk(case: Case, data: bytes, key: str) -> bytes:
    """As few bytes as give the same finding: halves, quarters, ... are left out while they can be."""
    from bench.fuzz_checks import check

    until = time.monotonic() + _MOST_SHRINKING_S
    size = len(data) // 2
    while size and time.monotonic() < until:
        at = 0
        while at < len(data) and time.monotonic() < until:
            less = data[:at] + data[at + size :]
            try:
                check(case, less)
            except Exception as error:  # the same: is it the same fault still?
                if _key(error) == key:
                    data = less
                    continue
            at += size
        size //= 2
    return data


def _again(name: str, file: Path) -> None:
    from bench.fuzz_targets import targets

    cases = {case.name: case for case in targets()[name]}
    case = cases.get(file.name.partition("-")[2]) or next(iter(cases.values()))
    began = time.process_time()
    wrong = _wrong(case, file.read_bytes())
    print(f"{case.name}: {wrong or 'nothing is wrong'} ({time.process_time() - began:.2f} s)")


if __name__ == "__main__":
    main()
