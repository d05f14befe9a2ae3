"""The console's copy of the record as a file for the worker process: a line of JSON, then the packed tiles.

It holds only what figures, gaps and pictures need. Cells are counted when it is read, because the copy may hold masks
only.
"""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from console.server.ground_classes import PROVISIONAL, classes
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import RecordSeal
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

COPY_FORMAT: Final = 1


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """`tiles`: (column, row, bytes) in order; `firm`, `unclosed`: which credit is provisional, as in the ledger.

    `vehicle_id`: whose record it is, "" if nobody says.
    """

    format: int = COPY_FORMAT
    plan_hash: str
    cell_m: float
    firm: int
    unclosed: tuple[tuple[int, int], ...]
    tiles: tuple[tuple[int, int, int], ...]
    vehicle_id: str = ""

    @property
    def records(self) -> tuple[RecordSeal, ...]:
        """Return the record that a plan on this ground rests on; without its seal, which no console knows."""
        return (RecordSeal(vehicle_id=self.vehicle_id, seal=""),) if self.vehicle_id else ()


def encoded(ledger: LedgerState, plan_hash: str, cell_m: float, vehicle_id: str = "") -> bytes:
    """Encode the file."""
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
        firm=ledger.firm,
        unclosed=ledger.unclosed,
        tiles=tuple(rows),
        vehicle_id=vehicle_id,
    )
    return b"\n".join((msgspec.json.encode(head), b"".join(parts)))


def read(path: Path) -> tuple[LedgerState, Head]:
    """Read the ledger and its head. Raises InputError if the file is no such file."""
    try:
        first, _, rest = path.read_bytes().partition(b"\n")
        head = msgspec.json.decode(first, type=Head)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"the record: cannot be read ({error}); wait for it from the vehicle") from None
    tiles: raster.Blocks = {}
    at = 0
    for column, row, size in head.tiles:
        tile = raster.unpacked(rest[at : at + size])
        tiles = raster.replaced(tiles, (column, row), tile, warm=False)
        at += size
    return counted(LedgerState(tiles=tiles, firm=head.firm, unclosed=head.unclosed)), head


def counted(ledger: LedgerState) -> LedgerState:
    """Return the ledger with its cells counted from the tiles."""
    swept = credited = provisional = 0
    for _, _, tile in raster.each(ledger.tiles):
        flags = tile[raster.FLAGS]
        swept += int(np.count_nonzero(flags & raster.SWEPT))
        credited += int(np.count_nonzero(flags & raster.CREDITED))
        provisional += int(np.count_nonzero(classes(tile, ledger.firm, ledger.unclosed) == PROVISIONAL))
    return msgspec.structs.replace(ledger, swept_cells=swept, credited_cells=credited, provisional_cells=provisional)
