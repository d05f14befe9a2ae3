"""The site and the plan as a file for consoles: areas by role, swaths, what is not worked and why; ENU metres.

Deflated JSON. What the vehicle's own site file says of areas is there where the plan was made for that site.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import Ring
from vehicle.contracts.plan import Plan, SegmentKind

SITE: Final = "@PLAN/site.z"
SITE_FORMAT: Final = 1


class SiteArea(msgspec.Struct, frozen=True, kw_only=True):
    """One shape of a site file: its role, its name; a polygon's rings, the shell first, or a point."""

    role: str
    name: str = ""
    rings_m: tuple[Ring, ...] = ()
    point_m: tuple[float, float] | None = None

    def drawn(self) -> dict[str, Any]:
        """As consoles read it."""
        shape = {"rings": self.rings_m} if self.point_m is None else {"point": self.point_m}
        return {"role": self.role, "name": self.name, **shape}


Areas = Mapping[str, tuple[SiteArea, ...]]
"""By the hash of their site."""


class MachineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What consoles show of the machine beside its outline. None: nobody knows.

    `ring_m`: radius of the task's exclusion ring.
    `withheld_m`: what the credit rule takes off each side of a swath at the uncertainty that plans are made for.
    """

    roll_max_deg: float | None = None
    pitch_max_deg: float | None = None
    withheld_m: float | None = None
    ring_m: float | None = None


NO_FACTS: Final = MachineFacts()


def site_file(plan: Plan | None, datum: LocalFrame, areas: Areas, facts: MachineFacts = NO_FACTS) -> bytes:
    """The file `@PLAN/site.z`."""
    return zlib.compress(msgspec.json.encode(_site(plan, datum, areas, facts)), 9)


def _room_m(plan: Plan, facts: MachineFacts) -> float | None:
    """How far beside its swath the tool may pass and the overlap still covers it [m]; None where nobody knows."""
    if facts.withheld_m is None:
        return None
    return max(0.0, plan.certificate.cross_track_budget_m - facts.withheld_m)


def _site(plan: Plan | None, datum: LocalFrame, areas: Areas, facts: MachineFacts) -> dict[str, Any]:
    place = [datum.lat_deg, datum.lon_deg, datum.alt_m]
    limits = {"roll_deg": facts.roll_max_deg, "pitch_deg": facts.pitch_max_deg}
    if plan is None:
        return {"format": SITE_FORMAT, "hash": None, "datum": place, "limits": limits, "ring_m": facts.ring_m}
    known = areas.get(plan.site_hash, ())
    drawn = [one.drawn() for one in known]
    if not any(one.role == "keep_out" for one in known):
        drawn += [{"role": "keep_out", "name": "", "rings": [ring]} for ring in plan.keep_out_m]
    width_m = plan.machine.tool_width_m
    return {
        "format": SITE_FORMAT,
        "hash": plan.plan_hash,
        "site_hash": plan.site_hash,
        "datum": place,
        "outside": plan.outside,
        "required_depth_m": plan.required_depth_m,
        "area_m2": plan.area_m2,
        "overlap_m": plan.overlap_m,
        "room_m": _room_m(plan, facts),
        "limits": limits,
        "ring_m": facts.ring_m,
        "areas": drawn,
        "unproven": plan.unproven_m,
        "swaths": [
            {
                "n": segment.seq,
                "kind": segment.kind.value,
                "from": segment.points_m[0],
                "to": segment.points_m[-1],
                "width_m": width_m if segment.kind is SegmentKind.SWATH else 0.0,
            }
            for segment in plan.segments
            if segment.kind is not SegmentKind.TURN
        ],
        "unworkable": [
            {"reason": one.reason.value, "rings": one.rings_m, "area_m2": one.area_m2} for one in plan.untreatable
        ],
        "machine": msgspec.to_builtins(plan.machine),
    }
