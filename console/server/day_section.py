"""The section `day` of the page's state: what people told in this task, as the vehicle holds it. Pure."""

from typing import Any

from vehicle.operator_link.day_file import Day


def day_section(day: Day | None) -> dict[str, Any] | None:
    """Return skipped swaths with their ground in metres of the site's datum; None while unknown."""
    if day is None:
        return None
    return {
        "skips": [
            {
                "swath": skip.swath,
                "plan": skip.plan_hash,
                "reason": skip.reason,
                "words": skip.words,
                "by": skip.by,
                "utc_us": skip.utc_us,
                "ring": [[round(x, 3), round(y, 3)] for x, y in skip.ring_m],
            }
            for skip in day.skips
        ]
    }
