"""How far apart the colours of the maps are, for every kind of eye: `python -m benchmarks.palette`.

CIEDE2000 of every pair of a theme, seen normally and with protanopia, deuteranopia and tritanopia by the matrices of
Machado, Oliveira and Fernandes (2009) at severity 1. Numbers are of the plain colours; patterns part them once more.
"""

import itertools
import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from vehicle.reports.palette_leaf import PALETTE

LEAST: Final = 9.0
"""No pair of a map may be nearer than this for any eye."""
EYES: Final[dict[str, npt.NDArray[np.float64]]] = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Applied to linear RGB."""
TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE: Final = np.array([0.95047, 1.0, 1.08883])

Lab = tuple[float, float, float]


def lab_of(colour: str, eye: str) -> Lab:
    """CIE L*a*b* (D65) of "#rrggbb" as an eye of `EYES` sees it."""
    rgb = np.array([int(colour[at : at + 2], 16) / 255.0 for at in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(EYES[eye] @ linear, 0.0, 1.0) / WHITE
    f = np.where(xyz > (6.0 / 29.0) ** 3, np.cbrt(xyz), xyz / (3.0 * (6.0 / 29.0) ** 2) + 4.0 / 29.0)
    return float(116.0 * f[1] - 16.0), float(500.0 * (f[0] - f[1])), float(200.0 * (f[1] - f[2]))


def ciede2000(one: Lab, other: Lab) -> float:
    """Colour difference after Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_7 = (0.5 * (math.hypot(a1, b1) + math.hypot(a2, b2))) ** 7
    grow = 1.5 - 0.5 * math.sqrt(mean_7 / (mean_7 + 25.0**7))
    a1, a2 = a1 * grow, a2 * grow
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360.0, math.degrees(math.atan2(b2, a2)) % 360.0
    turn = 0.0 if c1 * c2 == 0.0 else (h2 - h1 + 180.0) % 360.0 - 180.0
    dl, dc = l2 - l1, c2 - c1
    dh = 2.0 * math.sqrt(c1 * c2) * math.sin(math.radians(0.5 * turn))
    mean_l, mean_c = 0.5 * (l1 + l2), 0.5 * (c1 + c2)
    mean_h = (h1 + h2) if c1 * c2 == 0.0 else (h1 + 0.5 * turn) % 360.0
    t = (
        1.0
        - 0.17 * math.cos(math.radians(mean_h - 30.0))
        + 0.24 * math.cos(math.radians(2.0 * mean_h))
        + 0.32 * math.cos(math.radians(3.0 * mean_h + 6.0))
        - 0.20 * math.cos(math.radians(4.0 * mean_h - 63.0))
    )
    sl = 1.0 + 0.015 * (mean_l - 50.0) ** 2 / math.sqrt(20.0 + (mean_l - 50.0) ** 2)
    sc, sh = 1.0 + 0.045 * mean_c, 1.0 + 0.015 * mean_c * t
    rotation = (
        -2.0
        * math.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
        * math.sin(math.radians(60.0 * math.exp(-(((mean_h - 275.0) / 25.0) ** 2))))
    )
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * (dc / sc) * (dh / sh))


def nearest(colours: Mapping[str, str], eye: str) -> tuple[float, str, str]:
    """The least distance of a theme for one eye, and the two classes."""
    seen = {name: lab_of(colour, eye) for name, colour in colours.items()}
    return min((ciede2000(seen[a], seen[b]), a, b) for a, b in itertools.combinations(seen, 2))


def sets() -> dict[str, dict[str, str]]:
    """Every set of colours that lie beside each other: the themes of the screen, and the report."""
    found = {f"screen, {name}": dict(theme.map) for name, theme in PALETTE.themes.items()}
    found["report"] = {**PALETTE.report.ground, **{f"missed: {name}": one for name, one in PALETTE.report.gaps.items()}}
    return found


def main() -> None:
    """Print the least distance of each set for each eye; exit 1 where one is below `LEAST`."""
    short = False
    for name, colours in sets().items():
        for eye in EYES:
            distance, one, other = nearest(colours, eye)
            short |= distance < LEAST
            print(f"{name:17} {eye:7} {distance:5.1f}  {one} / {other}")
    if short:
        raise SystemExit(f"a pair is nearer than {LEAST:g}")


if __name__ == "__main__":
    main()
