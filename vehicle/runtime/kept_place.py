"""Where the machine stands, and what speaks against its receiver, survives a restart in a small file beside the keys.

Without the file a restart would believe any first fix, and would forget that the place or the heading was doubted. The
file holds the last place as latitude and longitude, because the next start may have another datum; and how far the
machine may have gone since it was written. Without it no check of the base makes ground firm before the daily check or
a mark; if it is damaged, it may have held a doubt, and the place is doubted until then.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.frames import AWAY_MAX_M, LocalFrame
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.units import NS_PER_S
from vehicle.control.estimate_state import EstimateState, HeldPlace, PlaceState
from vehicle.control.safety.modes import ARMED
from vehicle.control.state import VehicleState
from vehicle.host.clock import Clock
from vehicle.runtime import kept_file
from vehicle.runtime.latches import with_checksum, without_checksum

SIZE_MAX: Final = 2_048
PERIOD_NS: Final = NS_PER_S // 2
UNSEEN_S: Final = 2.0
"""A machine in motion goes on for so long: until the next writing, which a slow disk delays, 0.5 s for the controller's
lease, and its brakes. One that is armed may begin to move meanwhile."""
MOVED_M, TURNED_RAD, GREW = 5.0e-3, 2.0e-3, 1.5
"""What is written anew: a place that moved by so much, a heading that turned, and errors that grew by half."""
SIGMA_MAX_M: Final = 1.0e4

UNKNOWN: Final = EstimateState(place=PlaceState(shown=False))
"""Nothing is known of an earlier start."""
LOST: Final = EstimateState(place=PlaceState(shown=False, believed=False, missed=True))
"""The file cannot be read: it may have held a doubt."""


class KeptPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of the file; the fields are those of `HeldPlace`, the place as latitude and longitude [deg]."""

    format: int
    lat_deg: float
    lon_deg: float
    yaw_rad: float
    sigma_m: float
    yaw_sigma_rad: float
    gap_m: float
    yaw_gap_rad: float
    believed: bool
    missed: bool
    shown: bool
    heading_believed: bool
    offset_m: tuple[float, float]


def kept_of(state: VehicleState) -> KeptPlace | None:
    """Return what is to be kept; None while the vehicle itself does not know where it is."""
    known = state.estimate
    if not known.ready:
        return None
    way_m, turn_rad = _gone_on(state)
    east_m, north_m, yaw_rad, *_ = known.x
    lat_deg, lon_deg, _ = state.datum.geodetic_from_enu(east_m, north_m)
    told = known.place
    return KeptPlace(
        format=Kept.PLACE.number,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        yaw_rad=yaw_rad,
        sigma_m=max(known.sigmas[:2]),
        yaw_sigma_rad=known.sigmas[2],
        gap_m=told.gap_m + way_m,
        yaw_gap_rad=turn_rad,
        believed=told.believed and not told.stuck,
        missed=told.missed,
        shown=told.shown,
        heading_believed=known.heading.believed and not known.heading.stuck,
        offset_m=told.offset_m,
    )


def _gone_on(state: VehicleState) -> tuple[float, float]:
    """How far the machine may go [m] and turn [rad] before it stands, if the program dies now."""
    tracks, status = state.config.machine.tracks, state.wire.status
    left_mps, right_mps = (status.track_left_mps, status.track_right_mps) if status is not None else (0.0, 0.0)
    fastest_mps = max(abs(left_mps), abs(right_mps))
    may_move = state.gate.mode in ARMED
    if may_move or not math.isfinite(fastest_mps):
        limit_mps = max(tracks.transit_speed_mps, tracks.reverse_speed_mps)
        faster_mps = fastest_mps + 0.5 * tracks.accel_mps2 * UNSEEN_S
        mean_mps = min(faster_mps, limit_mps) if math.isfinite(faster_mps) else limit_mps
        return UNSEEN_S * mean_mps, UNSEEN_S * tracks.pivot_rate_radps
    return UNSEEN_S * fastest_mps, UNSEEN_S * abs(right_mps - left_mps) / tracks.gauge_m


def encode(kept: KeptPlace) -> bytes:
    """Encode it as it stands in the file."""
    return with_checksum(msgspec.json.encode(kept))


def restored(content: bytes | None, datum: LocalFrame) -> EstimateState:
    """Return the estimate at a start; `None` means that there is no file yet.

    Raises:
        ValueError: The content is damaged, has a later format, or holds an impossible value.
    """
    if content is None:
        return UNKNOWN
    body = without_checksum(content)
    if why := Kept.PLACE.refusal(msgspec.json.decode(body, type=dict).get("format")):
        raise ValueError(why)
    kept = msgspec.json.decode(body, type=KeptPlace)
    sizes = (kept.sigma_m, kept.yaw_sigma_rad, kept.gap_m, kept.yaw_gap_rad)
    if not (abs(kept.lat_deg) <= 90.0 and abs(kept.lon_deg) <= 180.0 and abs(kept.yaw_rad) <= 4.0):
        raise ValueError("it holds no place on the ground")
    if not all(0.0 <= size <= SIGMA_MAX_M for size in sizes) or not math.hypot(*kept.offset_m) <= SIGMA_MAX_M:
        raise ValueError("it holds an error that no place has")
    east_m, north_m, _ = datum.enu_from_geodetic(kept.lat_deg, kept.lon_deg)
    if not math.hypot(east_m, north_m) <= AWAY_MAX_M:
        return UNKNOWN  # another site
    held = HeldPlace(
        east_m=east_m,
        north_m=north_m,
        yaw_rad=kept.yaw_rad,
        sigma_m=kept.sigma_m,
        yaw_sigma_rad=kept.yaw_sigma_rad,
        gap_m=kept.gap_m,
        yaw_gap_rad=kept.yaw_gap_rad,
        believed=kept.believed,
        missed=kept.missed,
        shown=kept.shown,
        heading_believed=kept.heading_believed,
        offset_m=kept.offset_m,
    )
    return EstimateState(place=PlaceState(shown=False), held=held)


def load_place(path: Path | None, datum: LocalFrame) -> tuple[EstimateState, str]:
    """Read the kept place from a file; return the estimate at a start, and one line to report or ""."""
    if path is None:
        return UNKNOWN, ""
    found, why = kept_file.read(path, SIZE_MAX, lambda content: restored(content, datum))
    if found is None:
        return LOST, f"{path}: {why}; the place is doubted until the daily check, or a mark of the machine"
    return found, ""


def differs(new: KeptPlace, old: KeptPlace | None, datum: LocalFrame) -> bool:
    """Whether it is worth a writing: a machine at rest writes nothing, whatever its filter does by millimetres."""
    if old is None or _flags(new) != _flags(old):
        return True
    here_m, there_m = (datum.enu_from_geodetic(one.lat_deg, one.lon_deg)[:2] for one in (new, old))
    errors = ((new.sigma_m, old.sigma_m), (new.gap_m, old.gap_m), (new.yaw_gap_rad, old.yaw_gap_rad))
    return (
        math.dist(here_m, there_m) > MOVED_M
        or abs(new.yaw_rad - old.yaw_rad) > TURNED_RAD
        or math.dist(new.offset_m, old.offset_m) > MOVED_M
        or any(max(one, MOVED_M) > GREW * max(other, MOVED_M) for one, other in errors)
        or any(max(other, MOVED_M) > GREW * max(one, MOVED_M) for one, other in errors)
    )


def _flags(kept: KeptPlace) -> tuple[bool, ...]:
    return kept.believed, kept.missed, kept.shown, kept.heading_believed


async def keep(path: Path | None, clock: Clock, state: Callable[[], VehicleState], tell: Callable[[str], None]) -> None:
    """Write the place where it changed, until cancelled, and once at the end."""
    if path is None:
        return
    await kept_file.keep(
        path,
        clock,
        lambda: kept_of(state()),
        encode,
        on_disk=None,
        worth=lambda new, old: differs(new, old, state().datum),
        period_ns=PERIOD_NS,
        forgets="the place",
        tell=tell,
    )
