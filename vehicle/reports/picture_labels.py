"""Places labels beside the marks of a map without hiding a label or a mark; a thin line connects each to its mark."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from vehicle.reports.palette import INK, PAPER

SIZE_PT: Final = 7.5
MARK_PT: Final = 5.0
"""Half the size of a mark [points]."""
SMALL_PT: Final = 70.0
"""An area up to this size would be hidden by one or two names; a larger one stays visible beside them."""
RADII_PT: Final = (10.0, 16.0, 24.0, 34.0, 46.0, 60.0, 78.0)
ANGLES: Final = 16
Box = tuple[float, float, float, float]
"""West, south, east, north [points]."""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A text for a position (ENU metres)."""

    text: str
    east_m: float
    north_m: float
    colour: str = INK


def place_labels(
    points_pt: Sequence[tuple[float, float]], texts: Sequence[str], page_pt: Box, kept_clear: Sequence[Box] = ()
) -> list[tuple[float, float]]:
    """Return the centres of the text boxes [points], one for each point: on the page, over no mark and no other text.

    Places are tried from near to far, in all directions; if none is free, the furthest place above the point is used.
    """
    taken: list[Box] = [*kept_clear, *(_around(x, y, MARK_PT, MARK_PT) for x, y in points_pt)]
    found = []
    for (x, y), text in zip(points_pt, texts, strict=True):
        half_x, half_y = text_size(text)
        for radius in RADII_PT:
            spots = [_spot(x, y, radius, turn, half_x) for turn in range(ANGLES)]
            free = next((spot for spot in spots if _is_free(_around(*spot, half_x, half_y), taken, page_pt)), None)
            if free is not None:
                break
        else:
            free = (x, y + RADII_PT[-1])
        taken.append(_around(*free, half_x, half_y))
        found.append(free)
    return found


def text_size(text: str) -> tuple[float, float]:
    """Return half width and half height of a label's box [points]."""
    return 0.33 * SIZE_PT * len(text) + 2.5, 0.62 * SIZE_PT + 1.0


def _spot(x: float, y: float, radius: float, turn: int, half_x: float) -> tuple[float, float]:
    angle = math.tau * turn / ANGLES + math.pi / 5.0
    return x + math.cos(angle) * (radius + half_x * 0.6), y + math.sin(angle) * radius


def _around(x: float, y: float, half_x: float, half_y: float) -> Box:
    return x - half_x, y - half_y, x + half_x, y + half_y


def _is_free(box: Box, taken: Sequence[Box], page: Box) -> bool:
    if box[0] < page[0] or box[1] < page[1] or box[2] > page[2] or box[3] > page[3]:
        return False
    return not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)


def draw_labels(axes: Any, labels: Sequence[Label], areas: Iterable[Any] = ()) -> None:
    """Draw the labels on a map whose limits are already set; they hide no small area (polygon, ENU metres)."""
    if not labels:
        return
    axes.apply_aspect()
    scale = 72.0 / axes.figure.dpi
    places = axes.transData.transform([(label.east_m, label.north_m) for label in labels]) * scale
    west, south, east, north = axes.bbox.extents * scale
    points = [(float(x), float(y)) for x, y in places]
    boxes = [_around_area(axes, area, scale) for area in areas]
    small = [box for box in boxes if max(box[2] - box[0], box[3] - box[1]) <= SMALL_PT]
    middles = place_labels(points, [label.text for label in labels], (west, south, east, north), small)
    for label, point, middle in zip(labels, points, middles, strict=True):
        axes.annotate(
            label.text, (label.east_m, label.north_m), xytext=(middle[0] - point[0], middle[1] - point[1]),
            textcoords="offset points", ha="center", va="center", fontsize=SIZE_PT, fontweight="bold",
            color=label.colour, zorder=14, annotation_clip=True,
            bbox={"boxstyle": "round,pad=0.12", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.82},
            arrowprops={"arrowstyle": "-", "color": label.colour, "linewidth": 0.5, "shrinkA": 0.0, "shrinkB": 2.0},
        )  # fmt: skip


def _around_area(axes: Any, area: Any, scale: float) -> Box:
    """Return the box of a polygon on the page [points]."""
    west_m, south_m, east_m, north_m = area.bounds
    (west, south), (east, north) = axes.transData.transform([(west_m, south_m), (east_m, north_m)]) * scale
    return float(west), float(south), float(east), float(north)
