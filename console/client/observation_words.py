"""Names of the kinds of observations, for the command line and the page."""

from typing import Final

from firmware_bridge.types import ObservationKind

KINDS: Final = {
    "depth": ObservationKind.DEPTH_CHECK,
    "base": ObservationKind.BENCHMARK_CHECK,
    "hammers": ObservationKind.HAMMER_COUNT,
    "detonation": ObservationKind.DETONATION_CLASS,
    "find": ObservationKind.FIND,
    "note": ObservationKind.NOTE,
}
