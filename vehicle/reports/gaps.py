"""Which parts of the work area the record does not credit, where, and why. Runs outside the tick.

The rule for border cells is strict on purpose: a cell belongs to the work area if any part of it does, and it is
credited as a whole or not at all. The missed part of an uncredited cell is exactly its part inside the work area,
outside the keep-outs, and outside every polygon that the plan lists as not workable by machine. So

    area = processed + missed + still to do + uncredited ground inside listed polygons (+ rounding),

and no ground falls between the cells and the polygons. Ground is still to do, and not missed, in swaths to which the
work had not come yet, unless a reading there says why it is not credited.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.plan import Plan, Untreatable, UntreatableReason
from vehicle.contracts.skipped import SkippedSwath
from vehicle.control.ground import raster, rasterise
from vehicle.control.state import LedgerState
from vehicle.reports.outlines import open_cells
from vehicle.reports.words import ENGLISH, words_of

ROUNDING_M2 = 1e-6
"""Parts of a cell below 1 mm2 come from rounding at coincident borders; they are summed but not listed."""

Rings = tuple[tuple[tuple[float, float], ...], ...]


class GapReason(StrEnum):
    """Why ground is not credited."""

    WITHDRAWN = "withdrawn"
    BELOW_DEPTH = "below_depth"
    POSITION_UNPROVEN = "position_unproven"
    NOT_MEASURED = "not_measured"
    ROTOR_SLOW = "rotor_slow"
    TOO_FAST = "too_fast"
    CREDIT_MARGIN = "credit_margin"
    NOT_SWEPT = "not_swept"
    SKIPPED = "skipped"
    NOT_REACHED = "not_reached"


REASON_OF_FLAG: Final = (
    (raster.WITHDRAWN, GapReason.WITHDRAWN),
    (raster.BELOW | raster.SHALLOW, GapReason.BELOW_DEPTH),
    (raster.UNPROVEN, GapReason.POSITION_UNPROVEN),
    (raster.OTHER, GapReason.NOT_MEASURED),
    (raster.ROTOR_SLOW, GapReason.ROTOR_SLOW),
    (raster.TOO_FAST, GapReason.TOO_FAST),
    (raster.SWEPT, GapReason.CREDIT_MARGIN),
)
"""The first flag of a cell gives the gap's reason; a cell without a flag was never under a working tool.

SKIPPED and NOT_REACHED have no flag: they are ground without one, the first in a swath that people left out
(`vehicle/contracts/skipped.py`), the second in swaths that were still ahead when the record ended."""

REASON_TEXT: Final = {reason: words_of(ENGLISH)(f"gap.{reason.value}") for reason in GapReason}
"""English texts for exports; the report takes them from its catalogue."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A connected piece of missed ground (ENU rings, shell first).

    `note`: it lies in a swath that people left out; which, why and who, in English. Else "".
    """

    reason: GapReason
    rings_m: Rings
    area_m2: float
    note: str = ""


def text_of(gap: Gap) -> str:
    """Return why a piece is missed, in English, with a person's words if there are any."""
    return f"{REASON_TEXT[gap.reason]}: {gap.note}" if gap.note else REASON_TEXT[gap.reason]


def names_of(gaps: Iterable[Gap]) -> list[str]:
    """Return the names of gaps in map, report and exports: M1, M2, ... of missed ground, W1, W2, ... still to do."""
    counts = {"M": 0, "W": 0}
    found = []
    for gap in gaps:
        letter = "W" if gap.reason is GapReason.NOT_REACHED else "M"
        counts[letter] += 1
        found.append(f"{letter}{counts[letter]}")
    return found


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The balance of a work area [m2]. `listed_m2`: uncredited ground that the plan lists as not workable.

    `gaps`: all ground that is neither processed nor listed: missed, and still to do (`to_do_m2`).

    `provisional_m2`: processed ground that no closing check of the base has confirmed. `not_in_task_m2`: uncredited
    ground between the strips of a survey, about which the record says nothing.
    `left_m2`: the uncredited part of each polygon that the plan lists, in plan order; no ground counts twice.
    """

    area_m2: float
    processed_m2: float
    missed_m2: float
    listed_m2: float
    rounding_m2: float
    swept_not_credited_m2: float
    below_depth_m2: float
    withdrawn_m2: float
    provisional_m2: float
    gaps: tuple[Gap, ...]
    not_in_task_m2: float = 0.0
    left_m2: tuple[float, ...] = ()
    to_do_m2: float = 0.0


def find(
    work_area: Any,
    keep_out: Any,
    plan: Plan,
    ledger: LedgerState,
    config: VehicleConfig,
    skips: Sequence[SkippedSwath] = (),
    ahead: Any = None,
) -> Found:
    """Compute balance and gaps; `work_area` and `keep_out` are shapely polygons in ENU metres from the plan's datum.

    `skips`: swaths that people left out; what of them the tool never reached is missed ground of its own reason.
    `ahead`: ground of the swaths to which the work had not come yet, None if the work had ended; what of it has no
    other reason is still to do.
    """
    asked = shapely.difference(work_area, keep_out)
    listed = shapely.union_all([_polygon(row.rings_m) for row in plan.untreatable])
    cell_m = config.mission.cell_m
    whole = _uncredited(asked, ledger, cell_m, 0.0)
    left = _polygonal(shapely.difference(asked, listed))
    missed = _uncredited(left, ledger, cell_m, ROUNDING_M2, boxed=True)
    left_m2 = _left_m2(asked, plan, ledger, cell_m)
    gaps = tuple(_largest_first(_still_ahead(_told_apart(_gaps(missed.boxes, left), skips), ahead)))
    to_do_m2 = sum(gap.area_m2 for gap in gaps if gap.reason is GapReason.NOT_REACHED)
    beyond_m2 = sum(m2 for row, m2 in zip(plan.untreatable, left_m2, strict=True) if _is_beyond(row))
    return Found(
        area_m2=asked.area,
        processed_m2=_of_ground(asked.area - whole.area_m2),
        missed_m2=_of_ground(missed.area_m2 - to_do_m2) if to_do_m2 else missed.area_m2,
        listed_m2=_of_ground(whole.area_m2 - missed.area_m2 - missed.rounding_m2 - beyond_m2),
        rounding_m2=missed.rounding_m2,
        swept_not_credited_m2=whole.swept_m2,
        below_depth_m2=whole.below_m2,
        withdrawn_m2=whole.withdrawn_m2,
        gaps=gaps,
        provisional_m2=_provisional_m2(asked, ledger, cell_m),
        not_in_task_m2=beyond_m2,
        left_m2=left_m2,
        to_do_m2=to_do_m2,
    )


def _of_ground(difference_m2: float) -> float:
    """Return a difference of areas; what only rounding leaves over is no ground."""
    return difference_m2 if difference_m2 >= ROUNDING_M2 else 0.0


def _is_beyond(row: Untreatable) -> bool:
    return row.reason is UntreatableReason.NOT_IN_TASK


def _left_m2(asked: Any, plan: Plan, ledger: LedgerState, cell_m: float) -> tuple[float, ...]:
    """Return the uncredited part of each listed polygon.

    Ground in two polygons counts for the first one, and as not in the task only if no other polygon holds it.
    """
    rows = [_polygon(row.rings_m) for row in plan.untreatable]
    order = sorted(range(len(rows)), key=lambda place: _is_beyond(plan.untreatable[place]))
    rank = {place: number for number, place in enumerate(order)}
    tree, found = shapely.STRtree(rows), [0.0] * len(rows)
    for place in order:
        before = [rows[other] for other in tree.query(rows[place], predicate="intersects") if rank[other] < rank[place]]
        own = shapely.difference(rows[place], shapely.union_all(before)) if before else rows[place]
        found[place] = _uncredited(_polygonal(shapely.intersection(asked, own)), ledger, cell_m, 0.0).area_m2
    return tuple(found)


def rows(gaps: Iterable[Gap], datum: LocalFrame) -> list[dict[str, Any]]:
    """Return gaps for `summary.json`: polygon as GeoJSON geometry (lon, lat), reason, area."""
    return [
        {
            "polygon": {
                "type": "Polygon",
                "coordinates": [np.round(datum.lonlat_from_enu_array(list(ring)), 9).tolist() for ring in gap.rings_m],
            },
            "reason": gap.reason.value,
            "area_m2": gap.area_m2,
            **({"note": gap.note} if gap.note else {}),
        }
        for gap in gaps
    ]


def reasons(marks: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Return an index into GapReason for every cell, by the order of `REASON_OF_FLAG`; same shape as `marks`."""
    order = list(GapReason)
    index = np.full(marks.shape, order.index(GapReason.NOT_SWEPT), np.uint8)
    for bits, reason in reversed(REASON_OF_FLAG):
        index[(marks & bits) != 0] = order.index(reason)
    return index


class _Uncredited(msgspec.Struct, kw_only=True):
    """Uncredited ground of an area: `rounding_m2` in parts below the limit; boxes of the rest by reason."""

    area_m2: float = 0.0
    rounding_m2: float = 0.0
    swept_m2: float = 0.0
    below_m2: float = 0.0
    withdrawn_m2: float = 0.0
    boxes: dict[GapReason, list[Any]] = {}


def _uncredited(area: Any, ledger: LedgerState, cell_m: float, floor_m2: float, *, boxed: bool = False) -> _Uncredited:
    """Collect every uncredited cell of an area; border cells count with their part inside it. `boxed`: with boxes."""
    found = _Uncredited()
    cell_m2 = cell_m * cell_m

    def bare(tile_column: int, tile_row: int) -> npt.NDArray[np.bool_]:
        cells: npt.NDArray[np.bool_] = (raster.find(ledger.tiles, (tile_column, tile_row))[0] & raster.CREDITED) == 0
        return cells

    for part in rasterise.area_tiles(area, cell_m, bare):
        flags = raster.marks(raster.find(ledger.tiles, (part.column // raster.TILE, part.row // raster.TILE)))
        mask = part.inside
        found.area_m2 += float(np.count_nonzero(mask)) * cell_m2
        found.swept_m2 += float(np.count_nonzero(mask & ((flags & raster.SWEPT) != 0))) * cell_m2
        found.below_m2 += float(np.count_nonzero(mask & ((flags & raster.BELOW) != 0))) * cell_m2
        found.withdrawn_m2 += float(np.count_nonzero(mask & ((flags & raster.WITHDRAWN) != 0))) * cell_m2
        for row, column, area_m2 in part.border:
            if area_m2 < floor_m2:
                found.rounding_m2 += area_m2
            else:
                found.area_m2 += area_m2
                mask[row, column] = True
        if boxed:
            _box(found.boxes, mask, flags, part, cell_m)
    return found


def _provisional_m2(asked: Any, ledger: LedgerState, cell_m: float) -> float:
    """Area [m2] of provisional ground; border cells count with their part in the area, as in the whole balance."""

    def provisional(tile_column: int, tile_row: int) -> npt.NDArray[np.bool_]:
        return open_cells(ledger, raster.find(ledger.tiles, (tile_column, tile_row)))

    parts = list(rasterise.area_tiles(asked, cell_m, provisional))
    whole = sum(int(np.count_nonzero(part.inside)) for part in parts)
    return whole * cell_m**2 + sum(area_m2 for part in parts for _, _, area_m2 in part.border)


def _box(
    boxes: dict[GapReason, list[Any]],
    mask: npt.NDArray[np.bool_],
    marks: npt.NDArray[np.uint16],
    part: rasterise.AreaTile,
    cell_m: float,
) -> None:
    """Add the cells of a tile as boxes, by reason."""
    if not mask.any():
        return
    why, order = reasons(marks), list(GapReason)
    for number in np.unique(why[mask]).tolist():
        outline = rasterise.outline(mask & (why == number), part.column, part.row, cell_m)
        boxes.setdefault(order[number], []).extend(outline)


def _gaps(boxes_of: dict[GapReason, list[Any]], area: Any) -> Iterable[Gap]:
    """Return connected polygons."""
    for reason, boxes in boxes_of.items():
        yield from _pieces(reason, shapely.intersection(shapely.union_all(boxes), area))


def _pieces(reason: GapReason, shape: Any, note: str = "") -> Iterable[Gap]:
    for part in shapely.get_parts(_polygonal(shape)):
        if part.area >= ROUNDING_M2:
            rings = tuple(
                tuple((float(x), float(y)) for x, y in shapely.get_coordinates(ring))
                for ring in (part.exterior, *part.interiors)
            )
            yield Gap(reason=reason, rings_m=rings, area_m2=part.area, note=note)


def _largest_first(gaps: Iterable[Gap]) -> list[Gap]:
    return sorted(gaps, key=lambda gap: (-gap.area_m2, gap.rings_m[0][0]))


def _told_apart(gaps: Iterable[Gap], skips: Sequence[SkippedSwath]) -> Iterable[Gap]:
    """Cut gaps at the swaths that people left out; where two of them overlap, the newer one counts.

    What was never reached there is SKIPPED; all other ground keeps the reason that its readings show.
    """
    rings = [(shapely.Polygon(skip.ring_m), skip.why) for skip in reversed(skips)]
    for gap in gaps:
        left = shape = _polygon(gap.rings_m)
        reason = GapReason.SKIPPED if gap.reason is GapReason.NOT_SWEPT else gap.reason
        for ring, why in rings:
            if shapely.intersects(ring, left):
                yield from _pieces(reason, shapely.intersection(left, ring), why)
                left = shapely.difference(left, ring)
        if left is shape:
            yield gap
        else:
            yield from _pieces(gap.reason, left)


def _still_ahead(gaps: Iterable[Gap], ahead: Any) -> Iterable[Gap]:
    """Cut ground without a reading that speaks against it at the ground that was still ahead.

    The margin beside a pass is among it: the next swath works it.
    """
    for gap in gaps:
        if ahead is None or gap.note or gap.reason not in (GapReason.NOT_SWEPT, GapReason.CREDIT_MARGIN):
            yield gap
            continue
        shape = _polygon(gap.rings_m)
        yield from _pieces(GapReason.NOT_REACHED, shapely.intersection(shape, ahead))
        yield from _pieces(gap.reason, shapely.difference(shape, ahead))


def _polygon(rings_m: Rings) -> Any:
    return shapely.Polygon(rings_m[0], rings_m[1:])


def _polygonal(shape: Any) -> Any:
    """Keep only the polygons of a geometry: set operations may leave lines and points, which have no area."""
    return shapely.union_all(
        [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    )
