"""MJPEG of USB cameras becomes JPEGs that any browser shows: padding removed, the standard tables put in.

Many cameras leave out the Huffman tables, because all of them use those of the standard (ITU-T T.81, annex K).
"""

import base64
import zlib
from typing import Final

START, END = b"\xff\xd8", b"\xff\xd9"
HUFFMAN, SCAN = 0xC4, 0xDA
FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Segments that say the size; baseline, extended, progressive."""
STANDARD_TABLES: Final = zlib.decompress(
    base64.b85decode(
        "c-s4agh8HxfsvIF3>ct*k%^gwm5rT)lZ*TR5r(Y-3`~s7%uFoItgI|7K-pTLJOhg$tB|6hBb#twBD+$dh*9Ijg&fLG8xM*GUHqV8oK)1r$t5N"
        "(At|M*rmmr>WnyY(ZeeNV?BeR??&0Yb91<E99uXOpoRXTBo{^bVTvA$AUQt=q+|t_C-qG1LY4Vh*)27duIcw44B}<nrU$Ju4rp;TnZri?N=dM"
        "GCj~qRA{KUyqmo8tqdhPm+o3|c5di><+v*#~fzWVs-^OvvRzW@073+QZlMh0d^7{KZ;L7=~wSXh`@*g^hcWGV+K5M*IhG-MNU3}jC%6jm~7<P"
        "dS1xNze^PG#eu528s$7rDe#OdhI!1bGeYGvYkfM3&Fs9)tS}06_PtcK"
    )
)
"""The four tables as segments of a JPEG."""


def segments(data: bytes) -> list[tuple[int, int, int]]:
    """Marker, first and last-plus-one byte of each segment up to the scan; [] where it is no JPEG."""
    if not data.startswith(START):
        return []
    found, place = [], 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, size = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if size < 2 or place + 2 + size > len(data):
            return []
        found.append((marker, place, place + 2 + size))
        place += 2 + size
        if marker == SCAN:
            return found
    return []


def whole(data: bytes) -> bytes | None:
    """The picture alone and with its tables; None for what is cut off or no picture."""
    found = segments(data)
    end = data.rfind(END)
    if not found or end < found[-1][2]:
        return None
    markers = {marker for marker, _, _ in found}
    if not markers & FRAMES:
        return None
    if HUFFMAN in markers:
        return data[: end + 2]
    scan = found[-1][1]
    return data[:scan] + STANDARD_TABLES + data[scan : end + 2]


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height."""
    for marker, place, _ in segments(data):
        if marker in FRAMES:
            high, wide = data[place + 5 : place + 7], data[place + 7 : place + 9]
            return int.from_bytes(wide, "big"), int.from_bytes(high, "big")
    return None
