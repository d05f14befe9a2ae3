"""Results of a long run as lines of JSON, so that it goes on where it was broken off."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

T = TypeVar("T")


def lines(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield what a file holds; the last line may have been cut short, and older code may have written others."""
    for text in path.read_bytes().splitlines() if path.exists() else ():
        try:
            yield msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError:
            continue


def opened(path: Path) -> BinaryIO:
    """Return the file to append to; what a broken-off run left without an end is ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
        file.write(b"\n")
    return file


def append(file: BinaryIO, line: msgspec.Struct) -> None:
    """Write one line, and onto the disk."""
    file.write(msgspec.json.encode(line) + b"\n")
    file.flush()
    os.fsync(file.fileno())
