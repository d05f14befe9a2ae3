"""Objects on a site (markers, marks, receivers, posts of people), and who answers for ground that bears the tracks."""

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.units import wrap_rad
from vehicle.planning.site.plain_number import plain_number
from vehicle.polygons.fences import round_about

RADIUS_M = {"marker": 0.5, "control_point": 0.5, "base_station": 1.5, "operator_post": 5.0}
"""Default keep-out radius [m] if the file gives no `radius_m`."""
RADIUS_MAX_M = 1_000.0
OTHER_RADII = re.compile(
    "radius|diameter|buffer|setback|standoff|safe(ty)?dist|радиус|радіус|диаметр|діаметр|yar\u0131çap|yaricap"
    "|clearance(m|cm|mm|ft)?$|^(r|rad|dia|diam|çap)(m|cm|mm|ft)?$"
)
"""Fields that may mean a radius; only `radius_m` states its unit and what it surrounds."""
OTHER_HEADINGS = ("heading", "bearing", "course", "direction", "yaw", "yaw_deg", "azimuth")
"""Fields that may mean a heading; only `heading_deg` says its unit and where it counts from."""
LENGTH = re.compile(r"\s*[0-9.,]*[1-9][0-9.,]*\s*[a-z]*\.?\s*")
YES, NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0", "")


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """An object on the ground: its drawn place, and its keep-out (empty after it was taken down).

    `yaw_rad`: where a machine points that stands there, for a parking point; None: in any direction.
    """

    role: str
    place: str
    east_m: float
    north_m: float
    taken_down: bool
    keep_out: shapely.Geometry
    yaw_rad: float | None = None


class Assurance(msgspec.Struct, frozen=True, kw_only=True):
    """Who says that ground bears the tracks, on what basis, and when (ISO date). Empty: nobody."""

    place: str
    role: str
    said_by: str = ""
    basis: str = ""
    said_on: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the names of the fields that are missing."""
        return tuple(key for key in ("said_by", "basis", "said_on") if not getattr(self, key))


ALSO = {"said_by": ("assured_by",), "basis": ("on_basis",), "said_on": ("assured_on",)}
"""Other names of a field. `by`, `who`, `date`, `when`, `on` are none: they also tell of the drawing."""
NOBODY = ("unknown", "none", "nobody", "no one", "n/a", "not stated", "not known", "null", "nil", "tbd", "tbc", "todo")
"""Texts that stand where nothing was stated."""
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?", re.ASCII)


def mark_of(
    role: str, place: str, geometry: shapely.Geometry, properties: Mapping[str, Any], default_m: float | None = None
) -> Mark:
    """Return a mark from points, lines or polygons in metres. Raises InputError for an invalid radius or state."""
    radius_m = radius_of(place, properties)
    if radius_m is None and (key := other_radius(properties)):
        raise InputError(
            f"{place}: a {role} with {key} {properties[key]!r}; write radius_m, in metres round what is drawn"
        )
    if radius_m is None:
        radius_m = RADIUS_M[role] if default_m is None else default_m
    down = taken_down(place, properties)
    at = shapely.point_on_surface(geometry)
    keep = shapely.Polygon() if down else round_about(geometry, radius_m)
    return Mark(role=role, place=place, east_m=float(at.x), north_m=float(at.y), taken_down=down, keep_out=keep)


def radius_of(place: str, properties: Mapping[str, Any]) -> float | None:
    """Return `radius_m` in metres; None if it is absent.

    Raises:
        InputError: It is no number, or outside the valid range.
    """
    value = properties.get("radius_m")
    if value is None or value == "":
        return None
    radius_m = plain_number(value)
    if radius_m is None or not 0.0 < radius_m <= RADIUS_MAX_M:
        raise InputError(f"{place}: radius_m is {value!r}; write metres above 0, at most {RADIUS_MAX_M:g}")
    return radius_m


def heading_of(place: str, properties: Mapping[str, Any]) -> float | None:
    """Return the yaw [rad] of `heading_deg`, degrees clockwise from true north; None if it is absent.

    Raises:
        InputError: It is no number from 0 to 360, or the heading has another name, which leaves its zero unsaid.
    """
    value = properties.get("heading_deg")
    if value is None or value == "":
        other = next((key for key in properties if key.casefold() in OTHER_HEADINGS and properties[key]), None)
        if other is not None:
            raise InputError(f"{place}: its field {other!r} is not read; write heading_deg, clockwise from true north")
        return None
    heading_deg = plain_number(value)
    if heading_deg is None or not 0.0 <= heading_deg <= 360.0:
        raise InputError(f"{place}: heading_deg is {value!r}; write degrees clockwise from true north, 0 to 360")
    return wrap_rad(math.radians(90.0 - heading_deg))


def other_radius(properties: Mapping[str, Any]) -> str:
    """Return the field that may mean a radius if there is no `radius_m`; "" if there is none."""
    if properties.get("radius_m") not in (None, ""):
        return ""
    for key, value in properties.items():
        name = "".join(c for c in key.casefold() if c.isalnum())
        if key != "radius_m" and OTHER_RADII.search(name) and LENGTH.fullmatch(str(value).casefold()):
            return key
    return ""


def taken_down(place: str, properties: Mapping[str, Any]) -> bool:
    """Whether the object was removed. Raises InputError if the value is neither yes nor no."""
    value = properties.get("taken_down")
    text = "" if value is None else str(value).strip().casefold()
    if text not in (*YES, *NO):
        raise InputError(f"{place}: taken_down is {value!r}; write true or false")
    return text in YES


def assurance_of(
    label: str, role: str, place: str, properties: Mapping[str, Any], site_wide: Mapping[str, Any]
) -> Assurance:
    """Return who answers for the ground, from the feature, else from its collection.

    What a collection says is of the person whom it names: where a feature names another one, its basis and its day are
    those of the feature alone.

    Raises InputError if the day is no date, or person or basis has no letter, as where a day stands for them.
    """
    own, wide = _said(properties), _said(site_wide)
    if own["said_by"] and wide["said_by"] not in ("", own["said_by"]):
        wide = dict.fromkeys(wide, "")
    said = {key: own[key] or wide[key] for key in ALSO}
    for key in ("said_by", "basis"):
        if said[key] and not any(map(str.isalpha, said[key])):
            what = "the person, by name or post," if key == "said_by" else "how that person knows"
            raise InputError(f"{label}: {place}: {key} is {said[key]!r}; write {what}")
    if said["said_on"]:
        try:
            found = _DAY.fullmatch(said["said_on"])
            dt.date.fromisoformat(found[1] if found is not None else "")
        except ValueError:
            raise InputError(f"{label}: {place}: said_on is {said['said_on']!r}; write the day as YYYY-MM-DD") from None
    return Assurance(place=place, role=role, **said)


def _said(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return what one source says, by the name of the field; "" for what it does not say."""
    return {
        key: next((text for name in (key, *also) if (text := _text(properties.get(name)))), "")
        for key, also in ALSO.items()
    }


def _text(value: Any) -> str:
    """Return a value as one line; "" for one that states nothing, such as `n/a`."""
    text = " ".join(str(value).split()) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return "" if text.casefold().strip(" .?-_()") in (*NOBODY, "") else text


def check_assured(label: str, assurances: tuple[Assurance, ...]) -> None:
    """Check all bearing ground. Raises InputError if tracks would stand on ground that nobody answers for."""
    lacking = next((row for row in assurances if row.missing), None)
    if lacking is not None:
        raise InputError(
            f"{label}: {lacking.place} is {lacking.role}, but does not say {', '.join(lacking.missing)}: who says that "
            "it bears the tracks, on what basis, and the day as YYYY-MM-DD; write them in the site file"
        )
