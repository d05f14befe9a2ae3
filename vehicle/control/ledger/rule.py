"""What counts: when a tool is engaged, and what must be measured in a tick for ground to be credited in it."""

import math
from typing import Final

import msgspec

from firmware_bridge.types import DepthDatum
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.ledger_types import ToolLine
from vehicle.contracts.messages import ControllerStatus, Estimate, Margin
from vehicle.contracts.units import TAU_RAD
from vehicle.control.ground.raster import OTHER, ROTOR_SLOW, SHALLOW, TOO_FAST, UNPROVEN

NEEDS_ROTOR: Final = {"flail": True, "tiller": True, "blade": False, "plough": False}
"""What `engaged` means: True = rotor at speed and at depth, False = at depth and moving."""

BITE_MAX_M = 0.05
"""Greatest advance between two blows on one hammer track: a hammer head is about 5 cm wide, so that with a longer bite
ground between two cuts is not struck at all (bite: advance per turn / hammers on a track; the width is unverified)."""

UNKNOWN_BITE_SPEED_RATIO = 1.15
"""A tool without hammers in its profile may pass its profile's working speed by this much and no more (ours)."""

MOVING_MPS = 0.02
"""Below this a blade is standing; a flail that moves backwards faster than this is dragged, not working (ours)."""

DEPTH_PLAUSIBLE_M = 0.1
"""A depth reading beyond the tool's greatest depth by more than this is a broken sensor, no deep cut (ours)."""

ROTOR_PLAUSIBLE_RATIO = 1.5
"""A rotor cannot turn faster than this share of its working speed: the reading is broken (ours)."""

FASTER_RATIO = 1.5
"""A machine is not faster than this share of its profile's speeds: what says so proves no way (ours)."""

SIGMA_UNKNOWN_M = 10.0
"""Stands for an unknown uncertainty: too large for any credit, yet a number that geometry can work with."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one configuration that the credit rule needs, worked out once."""

    config: VehicleConfig
    needs_rotor: bool
    half_width_m: float
    ahead_m: float
    k_sigma: float
    cell_m: float
    rotor_min_radps: float
    depth_required_m: float
    depth_plausible_m: float
    rotor_plausible_radps: float
    speed_per_rotor_m: float
    speed_flat_mps: float
    roll_max_rad: float
    pitch_max_rad: float
    fastest_mps: float
    turn_max_radps: float


def rule(config: VehicleConfig) -> Rule:
    """The rule of a configuration."""
    tool, mission = config.machine.tool, config.mission
    per_rotor_m, flat_mps = _speed_limit(config)
    return Rule(
        config=config,
        needs_rotor=NEEDS_ROTOR[tool.kind],
        half_width_m=tool.width_m / 2.0,
        ahead_m=tool.ahead_m,
        k_sigma=mission.k_sigma,
        cell_m=mission.cell_m,
        rotor_min_radps=mission.rotor_at_speed_ratio * tool.rotor_speed_radps,
        depth_required_m=mission.required_depth_m,
        depth_plausible_m=tool.depth_max_m + DEPTH_PLAUSIBLE_M,
        rotor_plausible_radps=max(ROTOR_PLAUSIBLE_RATIO * tool.rotor_speed_radps, 1.0),
        speed_per_rotor_m=per_rotor_m,
        speed_flat_mps=flat_mps,
        roll_max_rad=config.machine.limits.roll_max_rad,
        pitch_max_rad=config.machine.limits.pitch_max_rad,
        fastest_mps=FASTER_RATIO
        * max(config.machine.tracks.transit_speed_mps, config.machine.tracks.reverse_speed_mps),
        turn_max_radps=FASTER_RATIO * config.machine.tracks.pivot_rate_radps,
    )


def speed_limit_mps(config: VehicleConfig, rotor_speed_radps: float) -> float:
    """Greatest ground speed at which a rotor of this speed leaves no bite longer than `BITE_MAX_M`.

    bite = advance per turn / hammers per track = (TAU v / omega) / K, solved for v. At the working speeds of the
    profiles hit density itself is no limit: of objects 11 cm wide, blows 5 cm wide that fall at random (Poisson) leave
    fewer than 1e-4 unstruck from 460 blows per m2 upwards. The bite is the stricter of the two. Where no bite is known
    (blade, plough, a tiller without a count of its tips) the limit is the profile's working speed with a margin.
    """
    per_rotor_m, flat_mps = _speed_limit(config)
    return per_rotor_m * rotor_speed_radps + flat_mps


def _speed_limit(config: VehicleConfig) -> tuple[float, float]:
    """Share of the limit that grows with the rotor's speed, and the share that does not."""
    tool = config.machine.tool
    if NEEDS_ROTOR[tool.kind] and tool.hammers_per_track > 0:
        return BITE_MAX_M * tool.hammers_per_track / TAU_RAD, 0.0
    return 0.0, config.machine.tracks.working_speed_mps * UNKNOWN_BITE_SPEED_RATIO


def unmet_conditions(
    rule: Rule, estimate: Estimate, status: ControllerStatus, depth_m: float, *, status_fresh: bool
) -> int:
    """Reason flags of all that is not proven in this tick; 0 = ground under the tool may be credited.

    `depth_m`: as proven (`vehicle/control/depth.py`). Each test is written so that NaN fails it.
    """
    rotor_radps = status.rotor_speed_radps
    limit_mps = rule.speed_per_rotor_m * rotor_radps + rule.speed_flat_mps
    # The outer end of a turning tool is the fastest: its bite counts.
    end_mps = abs(estimate.speed_mps) + abs(estimate.yaw_rate_radps) * rule.half_width_m
    found = 0
    if not depth_m >= rule.depth_required_m:
        found |= SHALLOW
    if rule.needs_rotor and not rotor_radps >= rule.rotor_min_radps:
        found |= ROTOR_SLOW
    if not end_mps <= limit_mps:
        found |= TOO_FAST
    if not (estimate.position_proven and estimate.tool_sigma_m >= 0.0 and estimate.sigma_yaw_rad >= 0.0):
        found |= UNPROVEN
    tilted = not (abs(estimate.roll_rad) <= rule.roll_max_rad and abs(estimate.pitch_rad) <= rule.pitch_max_rad)
    if tilted or not status_fresh or not believable(rule, status):
        found |= OTHER
    return found


def believable(rule: Rule, status: ControllerStatus) -> bool:
    """Readings that a working sensor can give; from any other nothing follows, not even that the ground was worked."""
    return (
        status.depth_datum is DepthDatum.GROUND_AHEAD
        and status.depth_m <= rule.depth_plausible_m
        and 0.0 <= status.depth_sigma_m <= rule.depth_plausible_m
        and abs(status.rotor_speed_radps) <= rule.rotor_plausible_radps
    )


def engaged(rule: Rule, estimate: Estimate, depth_m: float, found: int) -> bool:
    """The tool works the ground as far as measured: the `swept` mask, without any allowance for uncertainty.

    `depth_m`: as the means have it.
    """
    if found & (UNPROVEN | OTHER | ROTOR_SLOW):
        return False
    moving = rule.needs_rotor or estimate.speed_mps >= MOVING_MPS
    return moving and depth_m >= rule.depth_required_m


def tool_line(rule: Rule, estimate: Estimate, depth_m: float, margin: Margin) -> ToolLine:
    """The tool's axis in plan view: body's left axis under yaw, pitch and roll, half a width to each side.

    The plan width is width x cos(roll): a rolled tool covers less ground than its width. What checks bound
    counts against k sigma so that a bound at its end and a noise of k - 1 sigma are both covered. What the place may be
    off by beside its sigma is put on top.
    """
    sin_roll, cos_roll = math.sin(estimate.roll_rad), math.cos(estimate.roll_rad)
    sin_yaw, cos_yaw = math.sin(estimate.yaw_rad), math.cos(estimate.yaw_rad)
    ahead_m = rule.half_width_m * math.sin(estimate.pitch_rad) * sin_roll
    left_m = rule.half_width_m * cos_roll
    sigma_m = estimate.tool_sigma_m if 0.0 <= estimate.tool_sigma_m < SIGMA_UNKNOWN_M else SIGMA_UNKNOWN_M
    sigma_m += max(0.0, margin.side_m - sigma_m) / rule.k_sigma
    sigma_m += estimate.doubt_m / rule.k_sigma if estimate.doubt_m >= 0.0 else SIGMA_UNKNOWN_M
    turn_m = rule.half_width_m * max(estimate.sigma_yaw_rad, margin.yaw_rad / rule.k_sigma)
    return ToolLine(
        east_m=estimate.tool_east_m,
        north_m=estimate.tool_north_m,
        half_east_m=cos_yaw * ahead_m - sin_yaw * left_m,
        half_north_m=sin_yaw * ahead_m + cos_yaw * left_m,
        path_m=0.0,
        sigma_m=sigma_m,
        # A sum, not a root of squares: both errors come from the same heading, so they are not independent.
        end_sigma_m=sigma_m + (turn_m if 0.0 <= turn_m < SIGMA_UNKNOWN_M else SIGMA_UNKNOWN_M),
        depth_m=max(0.0, depth_m),  # 0 for NaN
    )
