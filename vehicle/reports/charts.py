"""The report's charts as PNG: depth of processed ground, computed slices, speed against depth; bytes repeatable."""

import base64
import io
import math
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vehicle.contracts.frames import FloatArray
from vehicle.reports.depths import Slice
from vehicle.reports.gaps import GapReason
from vehicle.reports.palette import GAP_COLOURS, INK, PAPER, PROCESSED, SOFT
from vehicle.reports.story import Samples
from vehicle.reports.words import Words

DPI: Final = 150
WIDTH_IN: Final = 7.2
READING: Final = "#d1481f"
LABELS: Final = ((6.0, 3.0), (6.0, -10.0), (-20.0, 3.0), (-20.0, -10.0))
"""Places of a name beside its mark [points]: right above, right below, left above, left below."""
LABEL_SHARE: Final = 0.07
"""Part of a slice's length that a mark and its name cover."""
POINTS_MAX: Final = 6000
"""Largest number of points in the scatter chart: more would hide each other."""


def depth_histogram(areas_m2: FloatArray, required_m: float, say: Words) -> str:
    """Draw processed area by whole centimetre of proven depth, `areas_m2` (256,); return a PNG in base64."""
    figure, axes = _figure(2.1)
    used = np.flatnonzero(areas_m2 > 0.0)
    first = min(math.floor(required_m * 100.0), int(used[0]) if used.size else 99) - 1
    last = max(first + 8, int(used[-1]) + 2 if used.size else 0)
    depths = np.arange(max(0, first), last)
    axes.bar(depths, areas_m2[depths], width=0.9, align="edge", color=PROCESSED)
    axes.axvline(required_m * 100.0, color=GAP_COLOURS[GapReason.BELOW_DEPTH], linewidth=1.4)
    axes.set_xlabel(say.text("chart.depth"), fontsize=8, color=SOFT)
    axes.set_ylabel(say.text("chart.area"), fontsize=8, color=SOFT)
    axes.set_xticks(depths)
    return _png(figure)


def slice_chart(cut: Slice, required_m: float, most_m: float, say: Words) -> str:
    """Draw one slice: proven depth across the swaths, nearby readings as points; return a PNG in base64."""
    figure, axes = _figure(1.45)
    depth_cm = cut.depth_m * 100.0
    axes.fill_between(cut.across_m, 0.0, np.nan_to_num(depth_cm), step="mid", color=PROCESSED, alpha=0.55, linewidth=0)
    axes.step(cut.across_m, depth_cm, where="mid", color=PROCESSED, linewidth=1.0)
    axes.axhline(required_m * 100.0, color=GAP_COLOURS[GapReason.BELOW_DEPTH], linewidth=1.1)
    span_m = max(float(np.ptp([0.0, *cut.across_m, *(across_m for across_m, _ in cut.readings)])), 1e-9)
    for (across_m, row), beside in zip(cut.readings, label_places(cut, span_m), strict=True):
        error_cm = None if row.sigma_m is None else row.sigma_m * 100.0
        axes.errorbar(
            across_m, row.depth_m * 100.0, yerr=error_cm, marker="D", markersize=5, color=READING, capsize=3, zorder=5
        )
        axes.annotate(
            f"D{row.number}", (across_m, row.depth_m * 100.0), xytext=beside, textcoords="offset points", fontsize=8,
            color=READING, fontweight="bold",
        )  # fmt: skip
    beside_m = [across_m for across_m, _ in cut.readings]  # measured at arm's length, from outside the processed ground
    axes.set_xlim(min([0.0, *beside_m]) - 0.1, max([float(cut.across_m[-1]), *beside_m]) + 0.1)
    axes.set_ylim(most_m * 100.0, 0.0)
    axes.set_xlabel(say.text("chart.across"), fontsize=8, color=SOFT)
    axes.set_ylabel(say.text("chart.depth_cm"), fontsize=8, color=SOFT)
    return _png(figure)


def label_places(cut: Slice, span_m: float) -> list[tuple[float, float]]:
    """Return where the name of each reading stands beside its mark [points]; names of near readings are apart."""
    rows = sorted(range(len(cut.readings)), key=lambda n: (cut.readings[n][1].depth_m, cut.readings[n][1].number))
    places: dict[int, tuple[float, float]] = {}
    for place, n in enumerate(rows):
        near = [m for m in rows[:place] if abs(cut.readings[n][0] - cut.readings[m][0]) < LABEL_SHARE * span_m]
        taken = {places[m] for m in near}
        places[n] = next((label for label in LABELS if label not in taken), LABELS[len(near) % len(LABELS)])
    return [places[n] for n in range(len(cut.readings))]


def speed_depth(samples: Samples, required_m: float, say: Words) -> str:
    """Draw ground speed against measured depth for every report of the working tool; return a PNG in base64."""
    figure, axes = _figure(2.3)
    chosen = np.flatnonzero(samples.is_work & np.isfinite(samples.depth_m))
    chosen = chosen[:: max(1, math.ceil(len(chosen) / POINTS_MAX))]
    speed, depth_cm = np.abs(samples.speed_mps[chosen]), samples.depth_m[chosen] * 100.0
    axes.scatter(speed, depth_cm, s=5, color=PROCESSED, alpha=0.35, linewidths=0)
    axes.axhline(required_m * 100.0, color=GAP_COLOURS[GapReason.BELOW_DEPTH], linewidth=1.1)
    axes.set_xlim(left=0.0)
    axes.set_ylim(max(float(depth_cm.max(initial=0.0)) + 3.0, required_m * 130.0), 0.0)
    axes.set_xlabel(say.text("chart.speed"), fontsize=8, color=SOFT)
    axes.set_ylabel(say.text("chart.measured"), fontsize=8, color=SOFT)
    return _png(figure)


def _figure(height_in: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.tick_params(labelsize=7.5, colors=SOFT, length=2.5)
    for name, spine in axes.spines.items():
        spine.set_visible(name in {"left", "bottom"})
        spine.set_color("#b9c0c7")
    axes.grid(color="#e3e6ea", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.title.set_color(INK)
    return figure, axes


def _png(figure: Figure) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": "flailpilot"})
    return base64.b64encode(stream.getvalue()).decode("ascii")
