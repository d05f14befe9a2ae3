"""Gives every square metre of the work area exactly one state with its reason; the pieces add up to the area.

No state says that land is released: see `vehicle/reports/imported.py`.
"""

import csv
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.reports.degrees import in_degrees, rounded
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import Gap, GapReason
from vehicle.reports.outlines import NO_LABEL, Label, open_cells, outlines
from vehicle.reports.products import NOTES
from vehicle.reports.seen import seen_of
from vehicle.reports.tables import cell

FIRM, OPEN = 0, 1
COLUMNS: Final = ("state", "reason", "area_m2", "simulated", "site", "plan_hash", "note", "wkt")


class CellState(StrEnum):
    """State of ground according to the record."""

    PLANNED = "planned"
    PROCESSED = "processed"
    BELOW_DEPTH = "processed_below_depth"
    PROVISIONAL = "provisional"
    SKIPPED = "skipped"
    DETONATION = "detonation"


NOTE_OF_STATE: Final = {
    CellState.PROCESSED: NOTES["processed"],
    CellState.PROVISIONAL: f"{NOTES['processed']}; provisional, no closing check of the base",
    CellState.BELOW_DEPTH: NOTES["processed_below_depth"],
    CellState.DETONATION: "place of a detonation: not for feet",
}
"""What a row says of itself; each other state is ground that is not processed."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the work area (shapely, ENU metres); a detonation is a point. `reason` "" if none is needed."""

    state: CellState
    reason: str
    geometry: Any
    area_m2: float


def states(facts: JobFacts) -> Iterator[Ground]:
    """Return all ground of the work area without its keep-outs, then the detonations.

    Ground that the tool never reached is `planned` while the job may continue, and `skipped` after the job ended.
    """
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    shapely.prepare(asked)
    claimed = outlines(facts.ledger, facts.cell_m, confirmed_or_open(facts.ledger))
    for label, state in ((FIRM, CellState.PROCESSED), (OPEN, CellState.PROVISIONAL)):
        if label in claimed:
            yield from _piece(state, "", shapely.intersection(claimed[label], asked))
    for gap in facts.found.gaps:
        shape = shapely.Polygon(gap.rings_m[0], gap.rings_m[1:])
        yield from _piece(_of_gap(gap.reason, facts.status), _reason(gap), shape)
    credited = shapely.union_all(list(claimed.values())) if claimed else shapely.Polygon()
    taken: Any = credited
    for row in facts.plan.untreatable:
        shape = shapely.intersection(shapely.Polygon(row.rings_m[0], row.rings_m[1:]), asked)
        yield from _piece(CellState.SKIPPED, row.reason.value, shapely.difference(shape, taken))
        taken = shapely.union(taken, shape)
    for seen in seen_of(facts):
        if seen.mark == "detonation":
            place = shapely.Point(seen.east_m, seen.north_m)
            yield Ground(state=CellState.DETONATION, reason=seen.text, geometry=place, area_m2=0.0)


def write_states(path: Path, facts: JobFacts) -> None:
    """Write a row for each piece: state, reason, area, and polygons as WKT in longitude and latitude."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for row in states(facts):
            told = "yes" if facts.simulated else "no"
            words = shapely.to_wkt(rounded(in_degrees(row.geometry, facts.plan.datum)), rounding_precision=10)
            table.writerow(
                (
                    row.state.value, cell(row.reason), f"{row.area_m2:.4f}", told, cell(facts.site.name),
                    facts.plan.plan_hash, NOTE_OF_STATE.get(row.state, NOTES["missed"]), words,
                )
            )  # fmt: skip


def confirmed_or_open(ledger: LedgerState) -> Label:
    """Label credited cells: FIRM if a closing check of the base confirms them, else OPEN."""

    def label(tile: raster.Tile) -> npt.NDArray[np.int64]:
        claimed = np.where(open_cells(ledger, tile), OPEN, FIRM)
        return np.where((tile[raster.FLAGS] & raster.CREDITED) != 0, claimed, NO_LABEL)

    return label


def _reason(gap: Gap) -> str:
    """Why ground is not processed; of ground that people left out, their words."""
    if gap.reason is GapReason.SKIPPED:
        return gap.note
    return f"{gap.reason.value}; skipped, {gap.note}" if gap.note else gap.reason.value


def _of_gap(reason: GapReason, status: str) -> CellState:
    if reason is GapReason.BELOW_DEPTH:
        return CellState.BELOW_DEPTH
    if reason is GapReason.NOT_REACHED:
        return CellState.PLANNED
    if reason is GapReason.NOT_SWEPT and status.lower() not in ("completed", "aborted"):
        return CellState.PLANNED
    return CellState.SKIPPED


def _piece(state: CellState, reason: str, shape: Any) -> Iterator[Ground]:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0.0]
    if parts:
        whole = shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]
        yield Ground(state=state, reason=reason, geometry=whole, area_m2=whole.area)
