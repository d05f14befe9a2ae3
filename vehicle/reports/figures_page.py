"""The page with the founding documents' figures; no report about ground contains any of them."""

from html import escape
from typing import Final

import msgspec

from vehicle.config.figures import FiguresFile
from vehicle.reports import seed_figures as seed
from vehicle.reports.html_parts import table
from vehicle.reports.passes import Passes
from vehicle.reports.report_style import ENGLISH_STYLE
from vehicle.reports.score_grids import AreaScore

HEAD: Final = (
    "<p class='statement'><b>Figures of the founding documents, as printed there.</b> They order work and compare "
    "means. None says that ground is processed, safe or released, and none enters a daily or completion report.</p>"
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Computed results: `scores` is None without a grid, `passes` (tracks, tool) is None without a run."""

    stated: FiguresFile
    scores: tuple[AreaScore, ...] | None = None
    passes: tuple[Passes, Passes] | None = None


def rows_of(found: Found) -> list[tuple[str, str, str, str]]:
    """Return (name, formula, value, remark) of every requested figure."""
    stated, rows = found.stated, list[tuple[str, str, str, str]]()
    if (part := stated.effectiveness) is not None:
        value = seed.effectiveness_index(part.mines_per_km2, part.degradation, part.cleared_percent, part.restoration)
        why = "an index without a unit (mines per km2 less per cent); may be negative"
        rows.append(("effectiveness_index E", "(L x D) - (C x R)", f"{value:.4g}", why))
    if (csc := stated.sustainability) is not None:
        terms = csc.operational_efficiency, csc.biodiversity_ratio, csc.disturbance
        defect = "defect of the source: more disturbance raises it; above 0.7 it calls work sustainable"
        rows.append(("csc_seed", "(E_f + B_r) / 2 x D_i", f"{seed.csc_seed(*terms):.4f}", defect))
        rows.append(
            ("csc_inverted", "(E_f + B_r) / 2 x (1 - D_i)", f"{seed.csc_inverted(*terms):.4f}", "ours, beside it")
        )
    if (area := stated.restoration) is not None:
        value = seed.restoration_efficiency(
            area.cleared_km2, area.biodiversity_ratio, area.toxicity, area.pollution_factor
        )
        why = "the source writes P_c for the pollution factor, which is not the P_c of the score"
        rows.append(("restoration_efficiency R_e", "(A_c x B_r) / (T_s x pollution_factor)", f"{value:.4g} km2", why))
    if (cost := stated.cost) is not None:
        rows.append(("cost per m2", "total / area", f"{cost.total / cost.area_m2:.4g} {cost.currency}/m2", "as stated"))
        each = f"{cost.total / cost.items:,.2f} {cost.currency}" if cost.items else "no item"
        rows.append(("cost per item", "total / items", each, "as stated"))
    return rows


def page(found: Found, site: str) -> str:
    """Return the page as HTML."""
    rows = [[escape(cell) for cell in row] for row in rows_of(found)]
    title = "Figures of the founding documents"
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>",
        f"<style>{ENGLISH_STYLE}</style></head>",
        f"<body><p class='running'>figures, {escape(site)}</p>",
        f"<p class='confidential'>CONFIDENTIAL: shows where hazards may lie</p><h1>{title}</h1>",
        HEAD,
    ]
    if rows:
        parts.append(table("Figures", ["name", "formula", "value", "to be known"], rows))
    if found.scores is not None:
        parts.append(_scores(found.scores, site))
    if found.passes is not None:
        parts.append(_passes(found.passes))
    parts.append(_rates())
    parts.append("</body></html>")
    return "\n".join(parts)


def _scores(scores: tuple[AreaScore, ...], site: str) -> str:
    rows = [
        [
            str(place), str(row.number), escape(row.names) or "-", "{:.7f}, {:.7f}".format(*row.inside_deg),
            f"{row.area_m2:,.0f}", "no data" if row.mean is None else f"{row.mean:.4f}",
            "no data" if row.most is None else f"{row.most:.4f}", f"{row.cells:,}", f"{row.cells_without_data:,}",
        ]
        for place, row in enumerate(scores, start=1)
    ]  # fmt: skip
    told = (
        f"P_c = (H_m + S_t + V_i) / 3 for each cell, each term in 0..1, of {escape(site)}. A priority score: equal "
        "weights, no calibration, no probability. A cell without data in one term has no score: it is not 0."
    )
    heads = [
        "order",
        "piece no.",
        "shape of the site file",
        "a point in it (lat, lon)",
        "area [m²]",
        "mean P_c [-]",
        "most [-]",
        "cells [n]",
        "without data [n]",
    ]
    return table("Pieces of the work area in the order of their contamination score", heads, rows, told)


def _passes(passes: tuple[Passes, Passes]) -> str:
    rows = [
        [name, f"{row.mean:.2f}", *(f"{100.0 * share:.1f}" for share in row.shares)]
        for name, row in zip(("tracks", "tool at work"), passes, strict=True)
    ]
    told = (
        "Measured: passes over squares of 25 cm of the work area. The only measured input to a disturbance index D_i."
    )
    heads = ["of", "mean [passes]", "none [%]", "one [%]", "two [%]", "three and more [%]"]
    return table("Passes of tracks and tool", heads, rows, told)


def _rates() -> str:
    rows = [
        [
            row.means, f"{row.low:,.0f}" if row.low == row.high else f"{row.low:,.0f} to {row.high:,.0f}", row.unit,
            escape(row.source), escape(row.note or "-"),
        ]
        for row in seed.RATES
    ]  # fmt: skip
    return table(
        "Rates as others printed them", ["means", "range", "unit", "source", "note"], rows, "Ranges, no promise."
    )
