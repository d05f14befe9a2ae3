"""The required depth must be the same in every place that states it: site, command line, scenario, plan, journal."""

from collections.abc import Mapping

from vehicle.contracts.errors import InputError

DEFAULT_DEPTH_M = 0.15
"""Depth that NMAS 09.50 requires of ground preparation: used and reported if no depth is given for a plan."""
LEAST_DEPTH_M = 0.01
"""A smaller depth is a mistake of the unit: ground that was only scratched would count as processed."""
SAME_M = 1e-6
"""Two figures that differ by less than this are taken as the same value."""


def agreed_m(told: Mapping[str, float | None]) -> float | None:
    """Return the required depth [m] that all sources agree on; None if none states one. Keys name the sources.

    Raises InputError if two of them disagree.
    """
    said = [(speaker, depth_m) for speaker, depth_m in told.items() if depth_m is not None]
    if not said:
        return None
    first, depth_m = said[0]
    for speaker, other_m in said[1:]:
        if not abs(other_m - depth_m) <= SAME_M:
            raise InputError(
                f"required depth: {first} says {depth_m:g} m, {speaker} says {other_m:g} m; make them one value"
            )
    return depth_m
