"""The map's frame: bounds, axes in metres, scale bar, north arrow."""

import math
from typing import Any

from matplotlib.patches import Rectangle

from vehicle.reports.palette import INK, PAPER, SOFT
from vehicle.reports.words import Words


def draw_frame(axes: Any, window_m: tuple[float, float, float, float], say: Words) -> None:
    """Draw bounds, axes in metres of the local plane, scale bar and north arrow."""
    west_m, south_m, east_m, north_m = window_m
    axes.set_xlim(west_m, east_m)
    axes.set_ylim(south_m, north_m)
    axes.set_aspect("equal", adjustable="datalim")
    axes.tick_params(labelsize=7, colors=SOFT, length=2.5, width=0.5)
    axes.set_xlabel(say.text("map.east"), fontsize=7.5, color=SOFT, labelpad=2)
    axes.set_ylabel(say.text("map.north"), fontsize=7.5, color=SOFT, labelpad=2)
    for spine in axes.spines.values():
        spine.set_color("#b9c0c7")
        spine.set_linewidth(0.6)
    _scale_bar(axes, say)
    _north(axes)


def _scale_bar(axes: Any, say: Words) -> None:
    """Draw a scale bar at the lower left in two shades: a round length of about a fifth of the map."""
    axes.apply_aspect()
    (west_m, east_m), (south_m, north_m) = axes.get_xlim(), axes.get_ylim()
    want_m = (east_m - west_m) / 5.0
    power_m = 10.0 ** math.floor(math.log10(want_m))
    length_m = max(step * power_m for step in (1.0, 2.0, 5.0) if step * power_m <= want_m)
    thick_m, x_m, y_m = (
        (north_m - south_m) * 0.008,
        west_m + (east_m - west_m) * 0.03,
        south_m + (north_m - south_m) * 0.03,
    )
    axes.add_patch(
        Rectangle(
            (x_m - 0.02 * length_m, y_m - 2.0 * thick_m),
            1.3 * length_m,
            6.5 * thick_m,
            facecolor=PAPER,
            alpha=0.65,
            edgecolor="none",
            zorder=12,
        )
    )
    for part, face in ((0, INK), (1, PAPER)):
        corner = (x_m + part * length_m / 2.0, y_m)
        axes.add_patch(
            Rectangle(corner, length_m / 2.0, thick_m, facecolor=face, edgecolor=INK, linewidth=0.7, zorder=13)
        )
    for share in (0.0, 0.5, 1.0):
        length = f"{length_m * share:g}"
        text = say.text("map.metres", length=length) if share == 1.0 else length
        axes.text(
            x_m + share * length_m,
            y_m + 1.7 * thick_m,
            text,
            fontsize=7.5,
            color=INK,
            ha="center",
            va="bottom",
            zorder=13,
        )


def _north(axes: Any) -> None:
    """Draw an arrow to true north; the map is in the local plane of the datum with north up."""
    axes.annotate(
        "N", xy=(0.965, 0.975), xytext=(0.965, 0.90), xycoords="axes fraction", textcoords="axes fraction",
        ha="center", va="center", fontsize=11, fontweight="bold", color=INK, zorder=13,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4},
        bbox={"boxstyle": "circle,pad=0.15", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.85},
    )  # fmt: skip
