"""Figures of the founding documents, with their printed names and formulas, each with its known defects.

They rank work and compare methods. None is evidence about ground, and none enters a daily or completion report.
"""

from typing import Final

import msgspec

THESIS: Final = "K. Khan, Landmines in Karabakh and its environmental impact"
PRESS: Final = "press on remote-controlled demining vehicles, 2026"


def contamination_score(historic: float, soil: float, visual: float) -> float:
    """P_c = (H_m + S_t + V_i) / 3, each term in [0, 1].

    Raises:
        ValueError: A term is outside [0, 1].
    """
    for name, value in (("historic", historic), ("soil", soil), ("visual", visual)):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name} is {value:g}; each term lies in 0..1")
    return (historic + soil + visual) / 3.0


def effectiveness_index(mines_per_km2: float, degradation: float, cleared_percent: float, restoration: float) -> float:
    """E = (L x D) - (C x R), verbatim: an index without a unit, which may be negative. C is 0 to 100."""
    return mines_per_km2 * degradation - cleared_percent * restoration


def csc_seed(operational_efficiency: float, biodiversity_ratio: float, disturbance: float) -> float:
    """CSC = (E_f + B_r) / 2 x D_i, verbatim: more disturbance raises it, which is its defect."""
    return (operational_efficiency + biodiversity_ratio) / 2.0 * disturbance


def csc_inverted(operational_efficiency: float, biodiversity_ratio: float, disturbance: float) -> float:
    """CSC = (E_f + B_r) / 2 x (1 - D_i): this project's correction of the source; less disturbance raises it."""
    return (operational_efficiency + biodiversity_ratio) / 2.0 * (1.0 - disturbance)


def restoration_efficiency(
    cleared_km2: float, biodiversity_ratio: float, toxicity: float, pollution_factor: float
) -> float:
    """R_e = (A_c x B_r) / (T_s x pollution_factor); the source calls the factor P_c, not to be confused with the score.

    Raises:
        ValueError: Toxicity or pollution factor is not above 0.
    """
    if toxicity <= 0.0 or pollution_factor <= 0.0:
        raise ValueError("toxicity and pollution factor lie above 0")
    return cleared_km2 * biodiversity_ratio / (toxicity * pollution_factor)


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate as published: a range in `unit`, its `source`, and a `note` on contradictions."""

    means: str
    low: float
    high: float
    unit: str
    source: str
    note: str = ""


RATES: Final = (
    Rate(means="deminer with a detector", low=20.0, high=50.0, unit="m2 a day", source=PRESS),
    Rate(
        means="mine detection dog", low=200.0, high=800.0, unit="m2 a day",
        source=f"{PRESS}: 200 to 400; {THESIS}: 800", note="the sources contradict each other",
    ),
    Rate(means="detection rat", low=200.0, high=200.0, unit="m2 in 30 minutes", source=THESIS),
    Rate(means="machine", low=500.0, high=2_000.0, unit="m2 a day", source=PRESS),
    Rate(
        means="MEMATT", low=1_000.0, high=1_700.0, unit="m2 an hour", source=f"{THESIS}: 1,000; maker: 1,700",
        note="1,700 is 1.7 m x 1 km/h with no overlap and no turn",
    ),
)  # fmt: skip
"""Rates printed by others; this project does not confirm them."""
