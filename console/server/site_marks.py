"""Marks of a site as the page offers them, the place of each in degrees.

The page reckons on a plane, which is 2 cm off at 300 m where the ground is high: too much for a check of centimetres.
"""

from typing import Any

from vehicle.contracts.frames import LocalFrame

Mark = dict[str, Any]


def marks_of(site: dict[str, Any] | None) -> list[Mark]:
    """Return name, point [m east, m north] and place [latitude, longitude in degrees] of every benchmark of a site.

    One without a name has its number among them. None without a site, or without its datum.
    """
    datum = (site or {}).get("datum")
    if site is None or not datum:
        return []
    frame = LocalFrame(*datum)
    points = [area for area in site.get("areas", ()) if area["role"] == "benchmark" and area.get("point")]
    return [
        {
            "name": area.get("name") or str(number),
            "point": area["point"],
            "place": list(frame.geodetic_from_enu(*area["point"])[:2]),
        }
        for number, area in enumerate(points, start=1)
    ]
