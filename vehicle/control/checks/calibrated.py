"""The readings of the machine's sensors, corrected by what its checks found."""

import math
from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import GnssFix
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import wrap_rad
from vehicle.control.checks_state import Calibration

DEGREE_M: Final = 111_319.0
"""Of latitude, to half a percent: the lever arms that are corrected are centimetres."""


def corrected(inputs: Inputs, known: Calibration, machine: MachineConfig, held_rad: float | None = None) -> Inputs:
    """The readings less what the checks of the machine found them to be off by.

    `held_rad`: the body's yaw as the estimate holds it, by which the antenna's place is turned, so that a fix without a
    heading is corrected like any other.
    """
    imu, gnss, status = inputs.imu, inputs.gnss, inputs.status
    if imu is not None and (known.roll_rad or known.pitch_rad):
        imu = replace(imu, roll_rad=imu.roll_rad - known.roll_rad, pitch_rad=imu.pitch_rad - known.pitch_rad)
    if gnss is not None and (known.heading_rad or known.lever_left_m):
        gnss = _antennas(gnss, known, machine, held_rad)
    if status is not None and known.belt_scale != 1.0:
        scale = known.belt_scale
        left_mps, right_mps = scale * status.track_left_mps, scale * status.track_right_mps
        status = replace(status, track_left_mps=left_mps, track_right_mps=right_mps)
    if imu is inputs.imu and gnss is inputs.gnss and status is inputs.status:
        return inputs
    return replace(inputs, imu=imu, gnss=gnss, status=status)


def _antennas(gnss: GnssFix, known: Calibration, machine: MachineConfig, held_rad: float | None) -> GnssFix:
    if gnss.yaw_rad is not None:
        yaw_rad = wrap_rad(gnss.yaw_rad - known.heading_rad)
        gnss = replace(gnss, yaw_rad=yaw_rad)
        held_rad = yaw_rad - machine.gnss.heading_offset_rad if held_rad is None else held_rad
    if held_rad is None:
        return gnss
    # The antenna sits so far left of where the profile has it: its fix moves right by that, seen along the body.
    east_m, north_m = known.lever_left_m * math.sin(held_rad), -known.lever_left_m * math.cos(held_rad)
    return replace(
        gnss,
        lat_deg=gnss.lat_deg + north_m / DEGREE_M,
        lon_deg=gnss.lon_deg + east_m / (DEGREE_M * math.cos(math.radians(gnss.lat_deg))),
    )
