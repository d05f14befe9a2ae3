"""The section `day` of the page's state: what people told in this task, as the vehicle holds it. Pure."""

from typing import Any

from vehicle.contracts.people import HandOver, Person
from vehicle.operator_link.day_file import Day


def day_section(day: Day | None) -> dict[str, Any] | None:
    """Return skipped swaths with their ground in metres of the site's datum, and people; None while unknown.

    `driving`: who has control, None: nobody, or nobody who signed in. `hand_over`: the one under way.
    """
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
        ],
        "driving": _person(day.people.driving),
        "hand_over": _hand_over(day.people.hand_over),
    }


def _person(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {"name": person.name, "role": person.role, "station": person.station_id, "utc_us": person.utc_us}


def _hand_over(hand_over: HandOver | None) -> dict[str, Any] | None:
    if hand_over is None:
        return None
    return {
        "giver": _person(hand_over.giver),
        "taker": _person(hand_over.taker),
        "signed": hand_over.signed,
        "mark": hand_over.mark,
        "items": list(hand_over.items),
    }
