"""Swaths that people left out on purpose: what was told, the ground of the swath, and what of it counts now. Pure.

A person tells a skip with an observation (FLAIL_OBSERVATION) of kind SKIP_SWATH. Its value is the number of the swath,
from 1 in the order of the plan that the vehicle holds; its text is `PLAN REASON: words`, PLAN being six hex digits of
the plan's hash. The vehicle adds the ground of the swath, so that the record needs no plan to be read. `AGAIN` takes a
skip back: the swath is to be worked after all. A skip moves nothing, and the vehicle drives its plan as before; ground
of a skipped swath that is worked all the same counts as worked.
"""

import math
from collections.abc import Iterable
from typing import Final

import msgspec

from vehicle.contracts.geometry import Ring
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.plan import Plan, Segment, SegmentKind

SKIP_KIND: Final = "skip_swath"
"""As an `Observed` has it."""
REASONS: Final = {
    "wet": "too wet",
    "obstacle": "obstacle",
    "explosive": "explosive object found",
    "slope": "too steep",
    "other": "another reason",
}
"""Keys of the reasons and their English words; the words of the person come on top."""
AGAIN: Final = "again"
"""In the place of a reason: the swath is not skipped any more."""
PLAN_DIGITS: Final = 6


class SkippedSwath(msgspec.Struct, frozen=True, kw_only=True):
    """A swath that is left out. `swath`: its number in the plan `plan_hash`, from 1; `ring_m`: its ground, ENU.

    `reason`: a key of `REASONS`; `words`: of the person `by`. `utc_us` None: nobody said when.
    """

    swath: int
    plan_hash: str
    ring_m: Ring
    reason: str
    words: str
    by: str
    utc_us: int | None

    @property
    def why(self) -> str:
        """Which and why, in English: number, reason, the person's words, the person."""
        return f"swath {self.swath}: {REASONS[self.reason]}: {self.words} ({self.by})"


def text_of(plan_hash: str, reason: str, words: str) -> str:
    """Return the text of an observation about a skipped swath."""
    return f"{plan_hash[:PLAN_DIGITS]} {reason}: {words}"


def said_of(text: str) -> tuple[str, str, str] | None:
    """Return first digits of the plan, key of the reason, and words; None if the text says no reason."""
    head, colon, words = text.partition(":")
    digits, _, reason = head.partition(" ")
    if not colon or (reason not in REASONS and reason != AGAIN) or not words.strip():
        return None
    return digits, reason, words.strip()


def takes_back(text: str) -> bool:
    """Return whether a text says that a swath is not skipped any more."""
    said = said_of(text)
    return said is not None and said[1] == AGAIN


def swaths_of(plan: Plan) -> tuple[Segment, ...]:
    """Return the swaths of a plan in its order; the first one has number 1."""
    return tuple(segment for segment in plan.segments if segment.kind is SegmentKind.SWATH)


def fault_of(text: str, who: str, number: int, plan: Plan | None) -> str:
    """Return why a person's words about a swath cannot be recorded, in at most 50 bytes; "" if they can."""
    said = said_of(text)
    if said is None:
        return "text: PLAN REASON: words, REASON of the list"
    if not who.strip():
        return "who: a skipped swath names who says it"
    if plan is None:
        return "no plan is held: its swaths have no number"
    if said[0] != plan.plan_hash[:PLAN_DIGITS]:
        return "another plan is held now: look at its numbers"
    count = len(swaths_of(plan))
    return "" if 1 <= number <= count else f"value: the plan has swaths 1 to {count}"


def ring_of(segment: Segment, plan: Plan) -> Ring:
    """Return the ground that the tool passes in a swath: a closed rectangle, anticlockwise, ENU metres."""
    ahead_m, half_m = plan.machine.tool_ahead_m, 0.5 * plan.machine.tool_width_m
    yaw_rad = segment.yaw_start_rad
    forward = (math.cos(yaw_rad), math.sin(yaw_rad))
    (x0, y0), (x1, y1) = (
        (x + ahead_m * forward[0], y + ahead_m * forward[1]) for x, y in (segment.points_m[0], segment.points_m[-1])
    )
    right = (half_m * forward[1], -half_m * forward[0])
    corners = (
        (x0 + right[0], y0 + right[1]),
        (x1 + right[0], y1 + right[1]),
        (x1 - right[0], y1 - right[1]),
        (x0 - right[0], y0 - right[1]),
    )
    return (*corners, corners[0])


def skip_of(record: object) -> SkippedSwath | None:
    """Return the skip in a record; None if the record is another one, or takes a skip back."""
    if not isinstance(record, Observed) or record.kind != SKIP_KIND or not record.ring_m:
        return None
    said = said_of(record.text)
    if said is None or takes_back(record.text):
        return None
    return SkippedSwath(
        swath=int(record.value),
        plan_hash=record.plan_hash,
        ring_m=record.ring_m,
        reason=said[1],
        words=said[2],
        by=record.by,
        utc_us=record.utc_us,
    )


def with_told(skips: tuple[SkippedSwath, ...], record: object) -> tuple[SkippedSwath, ...]:
    """Return the skips in force after one more record: a swath that is told anew replaces what was said of it."""
    if not isinstance(record, Observed) or record.kind != SKIP_KIND:
        return skips
    of = (record.plan_hash, int(record.value))
    left = tuple(one for one in skips if (one.plan_hash, one.swath) != of)
    found = skip_of(record)
    return left if found is None else (*left, found)


def skips_of(records: Iterable[object]) -> tuple[SkippedSwath, ...]:
    """Return the skips that are in force at the end of a record, in the order in which they were told."""
    skips: tuple[SkippedSwath, ...] = ()
    for record in records:
        skips = with_told(skips, record)
    return skips
