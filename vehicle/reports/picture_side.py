"""The column beside the map: figures, histogram of the proven depth, legend."""

import math
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.depths import processed_by_depth_m2
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import GapReason
from vehicle.reports.layers import depths_cm
from vehicle.reports.palette import (
    GAP_COLOURS,
    GROUND,
    INK,
    KEPT_OUT,
    LISTED,
    LISTED_TEXT,
    MARKS,
    PAPER,
    PASSED,
    PROCESSED,
    SAFE,
    SOFT,
    WAY,
    marked,
)
from vehicle.reports.seen import seen_of


def draw_side(figure: Any, side: Any, facts: JobFacts) -> None:
    """Draw figures, histogram of the proven depth, and legend from top to bottom beside the map."""
    side.axis("off")
    box = side.get_position()
    found, y = facts.found, 1.0
    rows = (
        ("processed", f"{found.processed_m2:,.1f} m²"),
        ("missed", f"{found.missed_m2:,.2f} m²"),
        ("listed, not processed", f"{found.listed_m2:,.1f} m²"),
        *([("not in this task", f"{found.not_in_task_m2:,.1f} m²")] if found.not_in_task_m2 else []),
        ("below depth", f"{found.below_depth_m2:,.1f} m²"),
        ("time of the task", _clock(facts.time_s)),
        ("rate", f"{facts.rate_m2_per_h:,.0f} m²/h"),
    )
    step = 0.26 / (box.height * figure.get_figheight())
    for label, value in rows:
        side.text(0.0, y, label, fontsize=9, color=SOFT, va="top", transform=side.transAxes)
        side.text(
            1.0, y, value, fontsize=9.5, color=INK, va="top", ha="right", fontweight="bold", transform=side.transAxes
        )
        y -= step
    height_in = box.height * figure.get_figheight()
    _histogram(
        figure, facts, (box.x0, box.y0 + (y - 1.75 / height_in) * box.height, box.width, 1.25 / figure.get_figheight())
    )
    side.legend(
        handles=_legend(facts), loc="upper left", bbox_to_anchor=(-0.03, y - 2.15 / height_in), fontsize=8.5,
        frameon=False, labelcolor=INK, handlelength=1.8, handleheight=1.1, labelspacing=0.55, borderaxespad=0.0,
    )  # fmt: skip
    told = "Processed is not cleared, and not for feet: release\nof land is a human decision after follow-up."
    side.text(0.0, 0.0, told, fontsize=8, color=SOFT, va="bottom", style="italic", transform=side.transAxes)


def _histogram(figure: Any, facts: JobFacts, place: tuple[float, float, float, float]) -> None:
    """Draw the processed area by proven depth."""
    axes = figure.add_axes(place)
    low_cm, high_cm = _depth_range_cm(facts)
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    first, last = math.floor(low_cm), math.ceil(high_cm) + 1
    depths = np.arange(first, last)
    areas_m2 = processed_by_depth_m2(asked, facts.ledger, facts.cell_m)[first:last]
    axes.bar(depths, areas_m2, width=0.92, color=PROCESSED, edgecolor="none", align="edge")
    axes.set_title("proven depth, m² per cm", fontsize=9, color=INK, loc="left", pad=4)
    axes.tick_params(labelsize=7.5, colors=SOFT, length=2)
    axes.set_xlabel("cm", fontsize=7.5, color=SOFT, labelpad=1)
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
    entries: list[Any] = [
        Patch(facecolor=PROCESSED, label="processed: not for feet"),
        Patch(facecolor=PASSED, label="passed, not proven"),
        Patch(facecolor=GROUND, edgecolor=INK, linewidth=1.2, label="work area"),
        Patch(**KEPT_OUT, label="keep-out"),
    ]
    if not facts.site.safe_ground.is_empty:
        entries.append(Patch(facecolor=SAFE, edgecolor=INK, label="safe ground"))
    reasons = {row.reason for row in facts.plan.untreatable if row.area_m2 >= 0.005}
    for reason in sorted(reasons, key=list(UntreatableReason).index):
        area_m2 = sum(row.area_m2 for row in facts.plan.untreatable if row.reason is reason)
        label = f"plan lists: {LISTED_TEXT[reason]}, {area_m2:,.1f} m²"
        entries.append(Patch(**LISTED, label=label))
    for why in sorted({gap.reason for gap in facts.found.gaps}, key=list(GapReason).index):
        area_m2 = sum(gap.area_m2 for gap in facts.found.gaps if gap.reason is why)
        label = f"missed: {why.value.replace('_', ' ')}, {area_m2:,.2f} m²"
        entries.append(Patch(facecolor=GAP_COLOURS[why], label=label))
    entries.append(Line2D([], [], color=WAY, linewidth=1.0, alpha=0.7, label="way of the machine"))
    entries.append(Line2D([], [], color="#b5bcc4", linewidth=0.8, label="planned swath (tool centre)"))
    for kind in sorted({*(mark for _, mark, _ in marked(facts.events)), *(row.mark for row in seen_of(facts))}):
        marker, colour = MARKS[kind]
        entries.append(
            Line2D(
                [], [], marker=marker, color=colour, markeredgecolor=PAPER, markersize=9, linestyle="none", label=kind
            )
        )
    if facts.site.benchmarks_m:
        entries.append(
            Line2D(
                [], [], marker="^", color=INK, markerfacecolor=PAPER, markersize=7, linestyle="none", label="benchmark"
            )
        )
    return entries


def _clock(time_s: float) -> str:
    return f"{int(time_s) // 3600} h {int(time_s) % 3600 // 60:02d} min"
