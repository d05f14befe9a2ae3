"""Which silent errors the checks bound, as published in docs/SAFETY.md; a test compares the two."""

from typing import Final

from vehicle.reports.words import ENGLISH, words_of

ENVELOPE_ROWS: Final = (
    "wrong_fix", "base_moved", "base_drifts", "place_stuck", "heading_frozen", "heading_drifts", "heading_off",
    "tilt_off", "antenna_moved", "depth_deep", "hammers_lost", "line_slow", "commands_cut",
)  # fmt: skip
"""Rows of the catalogue, `envelope.ROW`: error, size up to which it is bounded, check that bounds it."""
ENVELOPE: Final = tuple(
    tuple(words_of(ENGLISH)(f"envelope.{row}.{part}") for part in ("error", "size", "by")) for row in ENVELOPE_ROWS
)
"""Rows of (error, size up to which it is bounded, check that bounds it), in English."""
