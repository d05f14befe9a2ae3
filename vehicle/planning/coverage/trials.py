"""Which complete attempts are made at a plan where the ground outside is unknown; only the cheapest one is kept.

No way to open ground is the best on every field, and an attempt takes less time than to find out beforehand.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.job import Opening
from vehicle.planning.coverage.sweep_cells import Parted, SweepCell

INSIDE, BY_CELL = Opening(pockets=True, inside=True), Opening(pockets=True, by_cell=True)
WITHOUT_POCKETS, POCKETS = Opening(), Opening(pockets=True)


@dataclass(frozen=True)
class Trial:
    """What an attempt is made with: directions [rad], the first one first, how ground is opened, and cells."""

    directions: list[float]
    opening: Opening
    cells: tuple[SweepCell, ...] = ()


def trials_for(ground: GroundModel, directions: list[float], found: Parted | None, tries: int) -> Iterator[Trial]:
    """Yield the attempts with pockets, those first that are often the best.

    `directions`: [rad], the best first; `tries`: how many of them may be tried. `found`: cells, if they save enough.
    With keep-outs a small difference of the direction matters beside cells, too; columns inside headlands do not pay.
    """
    barred = not ground.first.kept_out.is_empty
    inside = POCKETS if barred else INSIDE
    if found is not None:
        yield Trial(directions, BY_CELL, found.cells)
        yield Trial(directions, inside, found.cells)
    yield Trial(directions, inside)
    if tries > 1:
        yield Trial([directions[0] + 0.5 * math.pi, *directions], inside)
    if found is None or barred:
        yield from (Trial(with_first(directions, turn), inside) for turn in range(1, tries))


def with_first(directions: list[float], turn: int) -> list[float]:
    """Return the directions [rad] with another one first."""
    return [directions[turn], *directions[:turn], *directions[turn + 1 :]]
