"""The process that opens a workbook for `sheets`: `python -m connectors.reading.sheet_process [SHEET] < workbook`.

Without a sheet: the names of those that hold rows, as one JSON array. With one: the number of its last row, then an
array of texts for each row from the sheet's first, blank ones as `[]`. Errors are words on standard error, exit 3.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import msgspec
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, load_workbook

MOST_MEMORY, MOST_CPU_S = 4 << 30, 600
Cell = int | float | str | bool | date | time | datetime | timedelta
_WHOLE = 1e15
"""Excel keeps 15 digits: what is longer has lost some, and is written so that it is known for it."""


def text_of(cell: Cell) -> str:
    """A cell as a person would have typed it into a table of text: ISO times, whole numbers without a point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number(float(cell))
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(cell, datetime):
        return _rounded(cell).isoformat(" ", "seconds")
    if isinstance(cell, time):
        return _rounded(datetime.combine(date(2000, 1, 1), cell)).time().isoformat("seconds")
    return cell.isoformat()


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value)) if abs(value) < _WHOLE else f"{value:.14E}"
    return format(Decimal(f"{value:.15g}"), "f")


def _rounded(moment: datetime) -> datetime:
    """To the second: a day's fraction comes out as 08:59:59.999."""
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """Every row of a sheet from its first, without the blank columns on its left."""
    for cells in sheet.iter_rows():
        texts = [text_of(cell) for cell in cells]
        yield texts if any(texts) else []


def _sheets(workbook: CalamineWorkbook) -> Iterable[str]:
    for meta in workbook.sheets_metadata:
        if meta.typ is SheetTypeEnum.WorkSheet and workbook.get_sheet_by_name(meta.name).height:
            yield meta.name


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    encode = msgspec.json.Encoder().encode
    try:
        workbook = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        if not sys.argv[1:]:
            sys.stdout.buffer.write(encode(list(_sheets(workbook))))
            return
        sheet = workbook.get_sheet_by_name(sys.argv[1])
        sys.stdout.buffer.write(b"%d\n" % sheet.total_height)
        for row in rows(sheet):
            sys.stdout.buffer.write(encode(row) + b"\n")
    except PasswordError:
        sys.exit(_report("it is locked with a password: save it without one"))
    except CalamineError as error:
        sys.exit(_report(f"the workbook cannot be read: {error}; save it again, or as CSV"))
    except (MemoryError, OverflowError):
        sys.exit(_report("the workbook is too large to open: save the sheet as CSV"))
    except BrokenPipeError:
        sys.stderr.close()


def _report(message: str) -> int:
    sys.stderr.write(message)
    return 3


if __name__ == "__main__":
    main()
