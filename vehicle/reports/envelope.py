"""Which silent errors the checks bound, as published in docs/SAFETY.md; a test compares the two."""

from typing import Final

ENVELOPE: Final = (
    ("wrong fix that lasts", "0.1 to 2 m", "dead reckoning, two new fixes or a known mark"),
    ("base moved, same id", "up to 2 m", "closing check of the base"),
    ("base that drifts", "up to 3 cm/min", "closing check of the base"),
    ("position stuck, jitter", "up to 0.005 m", "belts against place; a stop within 0.5 m"),
    ("heading stuck, jitter", "up to 0.01 deg", "gyro and course over ground"),
    ("heading that drifts to", "up to 3 deg", "daily check"),
    ("heading off by", "up to 3 deg", "daily check"),
    ("tilt sensor off by", "up to 0.1 rad", "daily check"),
    ("antenna moved by", "up to 0.1 m", "daily check"),
    ("depth reads too deep by", "up to 0.1 m", "depth reading"),
    ("hammers lost", "up to 6", "hammer count"),
    ("line delay", "up to 600 ms", "the controller's clock"),
    ("commands cut for", "up to 5 s", "the controller's lease"),
)
"""Rows of (error, size up to which it is bounded, check that bounds it)."""
