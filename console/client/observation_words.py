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
SHIFT_KINDS: Final = {
    "shift_done": ObservationKind.SHIFT_DONE,
    "shift_not_done": ObservationKind.SHIFT_NOT_DONE,
}
"""Acts of a shift; on the command line `flailpilot shift` tells them."""
PAGE_KINDS: Final = {
    "skip_swath": ObservationKind.SKIP_SWATH,
    "sign_in": ObservationKind.SIGN_IN,
    "hand_over_offer": ObservationKind.HAND_OVER_OFFER,
    "hand_over_read": ObservationKind.HAND_OVER_READ,
    "hand_over_sign": ObservationKind.HAND_OVER_SIGN,
}
"""Told on the console's page alone."""
