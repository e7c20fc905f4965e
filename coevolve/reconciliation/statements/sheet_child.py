"""The child that opens a spreadsheet: bounds first, then the reader. It imports nothing of ours.

Called by path, `python sheet_child.py ROWS COLUMNS MEMORY SECONDS`: the file comes in, rows go out as JSON. It
ends with 3 and a word when it refuses; a file that makes the reader run away ends the child, never the worker.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from typing import Any


def main() -> int:
    """Read one workbook."""
    import resource

    most_rows, most_columns, memory, seconds = (int(word) for word in sys.argv[1:5])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.end is None or not sheet.height:
                continue
            rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
            if columns > most_columns:
                return _refuse("too_many_columns")
            if rows > most_rows:
                return _refuse("too_many_rows")
            found = sheet.to_python(skip_empty_area=False)
            json.dump([[_plain(value) for value in row] for row in found], sys.stdout)
            return 0
    except python_calamine.PasswordError:
        return _refuse("sheet_locked")
    except python_calamine.CalamineError:
        return _refuse("sheet_broken")
    return _refuse("file_empty")


def _refuse(word: str) -> int:
    sys.stdout.write(word)
    return 3


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return {"t": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
