"""Tables as spreadsheets save them: CSV with commas, semicolons or tabs; a line that may be misread is refused."""

import csv
import io
from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.errors import InputError

DELIMITERS: Final = ",;\t"
CELL_MAX: Final = 64 * 2**20


class Spreadsheet(msgspec.Struct, frozen=True):
    """The headings, and every line that is not empty with its number in the file; each line has all columns."""

    headings: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    delimiter: str


def plain_heading(text: str) -> str:
    """Return a heading or key without case, spaces and signs: tools write them differently."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def spreadsheet(path: Path, content: bytes) -> Spreadsheet:
    """Read a table; the sign between its columns is the one that stands most often in its first line.

    Raises:
        InputError: It is no table, a heading stands twice, or a line has another number of values than the first.
    """
    csv.field_size_limit(CELL_MAX)
    try:
        text = content.decode("utf-8-sig")
        if text.startswith("sep="):  # a spreadsheet's own first line
            text = text.partition("\n")[2]
        first = text.partition("\n")[0]
        delimiter = max(DELIMITERS, key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        lines = [(reader.line_num, tuple(line)) for line in reader if any(cell.strip() for cell in line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no table in UTF-8 ({error}); save it again as CSV in UTF-8") from None
    headings = tuple(heading.strip() for heading in lines[0][1]) if lines else ()
    twice = next((heading for heading in headings if heading and headings.count(heading) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: has two columns {twice}; keep one")
    for number, line in lines[1:]:
        if len(line) != len(headings):
            raise InputError(
                f"{path}: line {number}: its number of values is {len(line)}, the first line names {len(headings)}; "
                "put a text with a separator in it between quotation marks"
            )
    return Spreadsheet(headings, tuple(lines[1:]), delimiter)
