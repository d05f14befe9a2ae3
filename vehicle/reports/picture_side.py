"""The column beside the map: figures, histogram of the proven depth, legend."""

import math
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.charts import READING
from vehicle.reports.depths import processed_by_depth_m2
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import GapReason
from vehicle.reports.ground_sections import readings_of
from vehicle.reports.html_parts import clock
from vehicle.reports.layers import depths_cm
from vehicle.reports.palette import (
    GAP_COLOURS,
    GROUND,
    INK,
    KEPT_OUT,
    LISTED,
    MARKS,
    PAPER,
    PASSED,
    PROCESSED,
    PROVISIONAL,
    SAFE,
    SOFT,
    WAY,
    marked,
)
from vehicle.reports.products import unprocessed_m2
from vehicle.reports.seen import seen_of
from vehicle.reports.words import Words, area, grouped

PALE: Final = 0.35
"""Opacity of the colours of ground worked outside the work area."""
LEGEND_PT: Final = 8.5
LEGEND_MIN_PT: Final = 7.0
FIGURES_IN: Final = 4.1
"""Height of figures and histogram above the legend."""
ENTRY: Final = 1.75
"""Height of an entry of the legend with the space below it, in sizes of its letters."""
FOLLOWED_UP: Final[dict[str, Any]] = {"linewidth": 1.1, "linestyle": (0, (1.5, 1.5))}
DOCUMENT: Final[dict[str, Any]] = {"linewidth": 1.6, "linestyle": (0, (6.0, 2.5))}
"""How borders are drawn: of ground that other teams followed up, and of the authority's documents."""
SEEN_M2: Final = 0.5
"""A smaller area is not listed in the legend."""


def draw_side(figure: Any, side: Any, facts: JobFacts) -> None:
    """Draw figures, histogram of the proven depth, and legend from top to bottom beside the map."""
    side.axis("off")
    box = side.get_position()
    found, say, y = facts.found, facts.words, 1.0
    rows = (
        ("processed", say.text("side.area", value=grouped(found.processed_m2, 1))),
        *([("provisional", say.text("side.area", value=area(found.provisional_m2)))] if found.provisional_m2 else []),
        ("missed", say.text("side.area", value=area(found.missed_m2))),
        *([("to_do", say.text("side.area", value=area(found.to_do_m2)))] if found.to_do_m2 else []),
        ("listed", say.text("side.area", value=grouped(found.listed_m2, 1))),
        *([("beyond", say.text("side.area", value=grouped(found.not_in_task_m2, 1)))] if found.not_in_task_m2 else []),
        ("below", say.text("side.area", value=grouped(found.below_depth_m2, 1))),
        ("time", _clock(facts.time_s, say)),
        ("rate", say.text("side.per_hour", value=grouped(facts.rate_m2_per_h))),
    )
    step = 0.26 / (box.height * figure.get_figheight())
    for name, value in rows:
        label = say.text(f"side.{name}")
        side.text(0.0, y, label, fontsize=9, color=SOFT, va="top", transform=side.transAxes)
        side.text(
            1.0, y, value, fontsize=9.5, color=INK, va="top", ha="right", fontweight="bold", transform=side.transAxes
        )
        y -= step
    height_in = box.height * figure.get_figheight()
    _histogram(
        figure, facts, (box.x0, box.y0 + (y - 1.75 / height_in) * box.height, box.width, 1.25 / figure.get_figheight())
    )
    entries, top = _legend(facts), y - 2.15 / height_in
    size_pt = legend_pt(len(entries), top * height_in)
    side.legend(
        handles=entries, loc="upper left", bbox_to_anchor=(-0.03, top), fontsize=size_pt,
        frameon=False, labelcolor=INK, handlelength=1.8, handleheight=1.1, labelspacing=0.55, borderaxespad=0.0,
    )  # fmt: skip
    told = say.text("warn.not_released")
    side.text(0.0, -0.01, told, fontsize=8, color=SOFT, va="top", style="italic", transform=side.transAxes)


def height_for_legend_in(facts: JobFacts) -> float:
    """Height of a map [inches] with enough room for figures, histogram and legend beside it."""
    return FIGURES_IN + ENTRY * LEGEND_MIN_PT * len(_legend(facts)) / 72.0


def legend_pt(count: int, height_in: float) -> float:
    """Return the letter size [points] at which this number of entries fits into a height [points]."""
    return min(LEGEND_PT, 72.0 * height_in / (ENTRY * max(count, 1)))


def _histogram(figure: Any, facts: JobFacts, place: tuple[float, float, float, float]) -> None:
    """Draw the processed area by proven depth."""
    axes = figure.add_axes(place)
    low_cm, high_cm = _depth_range_cm(facts)
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    first, last = math.floor(low_cm), math.ceil(high_cm) + 1
    depths = np.arange(first, last)
    areas_m2 = processed_by_depth_m2(asked, facts.ledger, facts.cell_m)[first:last]
    axes.bar(depths, areas_m2, width=0.92, color=PROCESSED, edgecolor="none", align="edge")
    axes.set_title(facts.words.text("side.histogram"), fontsize=9, color=INK, loc="left", pad=4)
    axes.tick_params(labelsize=7.5, colors=SOFT, length=2)
    axes.set_xlabel(facts.words.text("side.cm"), fontsize=7.5, color=SOFT, labelpad=1)
    axes.set_xticks(np.arange(first, last + 1, max(1, (last - first) // 6)))
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color("#b9c0c7")
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(3))
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.6)
    axes.set_axisbelow(True)


def _depth_range_cm(facts: JobFacts) -> tuple[float, float]:
    """Return the range from the required depth to the deepest whole centimetre with over 0.1 % of the ground."""
    low_cm = facts.config.mission.required_depth_m * 100.0
    counts = depths_cm(facts.ledger)
    deep = np.flatnonzero(counts > counts.sum() / 1000.0)
    return low_cm, max(low_cm + 6.0, float(deep[-1]) if deep.size else 0.0)


def _legend(facts: JobFacts) -> list[Any]:
    """Draw the legend of what the map shows."""
    say = facts.words
    entries: list[Any] = [
        Patch(facecolor=PROCESSED, label=say.text("warn.processed")),
        *_provisional(facts),
        Patch(facecolor=PASSED, label=say.text("legend.passed")),
        Patch(facecolor=GROUND, edgecolor=INK, linewidth=1.2, label=say.text("legend.work_area")),
    ]
    found = facts.found
    if facts.ledger.swept_m2 - found.processed_m2 - found.swept_not_credited_m2 > SEEN_M2:
        entries.append(Patch(facecolor=PROCESSED, alpha=PALE, label=say.text("legend.outside")))
    if not facts.site.keep_out.is_empty:
        entries.append(Patch(**KEPT_OUT, label=say.text("legend.keep_out")))
    if not facts.site.safe_ground.is_empty:
        entries.append(Patch(facecolor=SAFE, edgecolor=INK, label=say.text("legend.safe_ground")))
    listed_m2: dict[UntreatableReason, float] = {}
    for row, left_m2 in zip(facts.plan.untreatable, unprocessed_m2(facts), strict=True):
        listed_m2[row.reason] = listed_m2.get(row.reason, 0.0) + left_m2
    reasons = [reason for reason in UntreatableReason if listed_m2.get(reason, 0.0) >= 0.005]
    for reason in reasons:
        area_m2 = listed_m2[reason]
        named = say.text(f"listed.{reason.value}")
        entries.append(Patch(**LISTED, label=say.text("legend.listed", reason=named, area=grouped(area_m2, 1))))
    for why in sorted({gap.reason for gap in facts.found.gaps}, key=list(GapReason).index):
        area_m2 = sum(gap.area_m2 for gap in facts.found.gaps if gap.reason is why)
        look = "legend.to_do" if why is GapReason.NOT_REACHED else "legend.missed"
        label = say.text(look, reason=say.text(f"gap_name.{why.value}"), area=area(area_m2))
        entries.append(Patch(facecolor=GAP_COLOURS[why], label=label))
    entries.append(Line2D([], [], color=WAY, linewidth=1.0, alpha=0.7, label=say.text("legend.way")))
    entries.append(Line2D([], [], color="#b5bcc4", linewidth=0.8, label=say.text("legend.swath")))
    for kind in sorted({*(mark for _, mark, _ in marked(facts.events)), *(row.mark for row in seen_of(facts))}):
        marker, colour = MARKS[kind]
        entries.append(_mark(marker, say.text(f"legend.{kind}"), color=colour, markeredgecolor=PAPER, markersize=9))
    if readings_of(facts):
        entries.append(_mark("D", say.text("legend.reading"), color=READING, markeredgecolor=PAPER, markersize=5))
    entries += _of_others(facts)
    if facts.site.benchmarks_m:
        entries.append(_mark("^", say.text("legend.benchmark"), color=INK, markerfacecolor=PAPER, markersize=7))
    return entries


def _provisional(facts: JobFacts) -> list[Any]:
    if facts.provisional_m2 == 0.0:
        return []
    look: dict[str, Any] = {"facecolor": PROCESSED, "edgecolor": PROVISIONAL, "linewidth": 0.0, "hatch": "\\" * 6}
    return [Patch(**look, label=facts.words.text("legend.provisional"))]


def _of_others(facts: JobFacts) -> list[Any]:
    say = facts.words
    found: list[Any] = []
    if facts.follow_ups:
        layers = ", ".join(dict.fromkeys(say.text(f"layer.{row.layer.value}") for row in facts.follow_ups))
        look = {"facecolor": PROCESSED, "edgecolor": PAPER, **FOLLOWED_UP}
        found.append(Patch(**look, label=say.text("legend.follow_up", layers=layers)))
    for paper in facts.releases:
        named = say.text("legend.release", number=paper.number, category=say.text(f"category.{paper.category.value}"))
        found.append(Line2D([], [], color=INK, **DOCUMENT, label=named))
    return found


def _mark(marker: str, label: str, **look: Any) -> Any:
    return Line2D([], [], marker=marker, linestyle="none", label=label, **look)


def _clock(time_s: float, say: Words) -> str:
    hours, minutes = clock(time_s).split(":")
    return say.text("side.clock", hours=hours, minutes=minutes)
