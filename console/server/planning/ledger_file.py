"""The console's copy of the record as a file for the worker process: a line of JSON, then the tiles, packed.

Only what figures, gaps and pictures are made of; the stroke under way and later knowledge stay with the vehicle.
"""

from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

COPY_FORMAT: Final = 1
_FIGURES: Final = ("swept_m2", "credited_m2", "swept_cells", "credited_cells", "provisional_cells", "withdrawn_cells")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """`tiles`: (column, row, bytes) in order; `figures`: those of the ledger by their names."""

    format: int = COPY_FORMAT
    plan_hash: str
    cell_m: float
    figures: dict[str, float]
    tiles: tuple[tuple[int, int, int], ...]


def encoded(ledger: LedgerState, plan_hash: str, cell_m: float) -> bytes:
    """The file."""
    rows: list[tuple[int, int, int]] = []
    parts: list[bytes] = []
    for block in ledger.tiles.values():
        for (column, row), tile in block.items():
            data = tile if isinstance(tile, bytes) else raster.packed(tile)
            rows.append((column, row, len(data)))
            parts.append(data)
    head = Head(
        plan_hash=plan_hash,
        cell_m=cell_m,
        figures={name: getattr(ledger, name) for name in _FIGURES},
        tiles=tuple(rows),
    )
    return b"\n".join((msgspec.json.encode(head), b"".join(parts)))


def read(path: Path) -> tuple[LedgerState, Head]:
    """The ledger and what it is of. Raises InputError where the file is none."""
    try:
        first, _, rest = path.read_bytes().partition(b"\n")
        head = msgspec.json.decode(first, type=Head)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"the record: cannot be read ({error}); wait for it from the vehicle") from None
    tiles: raster.Blocks = {}
    at = 0
    for column, row, size in head.tiles:
        tile = raster.unpacked(rest[at : at + size])
        tiles = raster.replaced(tiles, (column, row), tile, warm=False)
        at += size
    whole = {name: int(value) if name.endswith("cells") else float(value) for name, value in head.figures.items()}
    return msgspec.structs.replace(LedgerState(tiles=tiles), **whole), head
