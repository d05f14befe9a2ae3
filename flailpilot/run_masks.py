"""Masks of a record after each of several runs, and processed ground of an area in them, in one pass."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.contracts.ledger_types import Confirm, LedgerStroke, Observed, Revoke
from vehicle.control.ground import raster
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.records.records import Header, Record
from vehicle.records.stroke_table import table_of
from vehicle.records.summing import Sum
from vehicle.reports.depths import processed_by_depth_m2


def masks_at(records: Sequence[Record], cuts: Collection[int]) -> Iterator[tuple[int, LedgerState]]:
    """Yield (cut, masks after that many records) for each of the ascending `cuts` above 0, as `journal.rebuilt` does.

    The first record is the header of the first journal; headers of further journals add nothing.
    """
    header = records[0]
    assert isinstance(header, Header), "records without the header of their journal"
    masks, before, acts = Sum(header.cell_m), 0, 0
    for cut in sorted(cut for cut in cuts if cut > 0):
        waiting: list[LedgerStroke] = []
        for record in records[before:cut]:
            acts += isinstance(record, Revoke | Confirm | Observed)
            if isinstance(record, LedgerStroke):
                waiting.append(record)
            elif isinstance(record, Revoke | Confirm):
                _add(masks, waiting)
                _act(masks, record, header.cell_m)
        _add(masks, waiting)
        before = cut
        yield cut, msgspec.structs.replace(masks.packed(), act_count=acts)


def _add(masks: Sum, waiting: list[LedgerStroke]) -> None:
    if waiting:
        masks.add(table_of(waiting), waiting[-1])
        waiting.clear()


def _act(masks: Sum, record: Revoke | Confirm, cell_m: float) -> None:
    if isinstance(record, Revoke):
        masks.take(withdrawal.done(withdrawal.begun(masks.state(), record), cell_m))
    else:
        masks.take(withdrawal.confirmed(masks.state(), record))


class Processed:
    """Processed ground of an area [m2] in successive masks: unchanged blocks are counted once."""

    def __init__(self, asked: Any, cell_m: float) -> None:
        self._asked, self._cell_m = asked, cell_m
        self._known: dict[raster.Key, tuple[object, float]] = {}

    def area_m2(self, ledger: LedgerState) -> float:
        """Area [m2] processed in these masks within the area; border cells count with their part in it."""
        for key, block in ledger.tiles.items():
            if key not in self._known or self._known[key][0] is not block:
                self._known[key] = block, self._of_block(key, ledger)
        return sum(area_m2 for _, area_m2 in self._known.values())

    def _of_block(self, key: raster.Key, ledger: LedgerState) -> float:
        edges = np.array([key, (key[0] + 1, key[1] + 1)]) * raster.BLOCK * raster.TILE * self._cell_m
        part = shapely.intersection(self._asked, shapely.box(*edges.ravel().tolist()))
        return float(processed_by_depth_m2(part, ledger, self._cell_m).sum())
