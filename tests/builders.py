"""Small builders shared by the tests of the pure rooms: a MEMATT-class configuration, estimates, plans."""

import functools
import math
from typing import TYPE_CHECKING, Any, cast

import msgspec

from firmware_bridge.types import (
    ControllerFlag,
    ControllerState,
    ControllerStatus,
    DepthDatum,
    FixType,
    GnssFix,
    ImuSample,
)
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig, VehicleConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Estimate, Outputs
from vehicle.contracts.plan import Certificate, MachineFootprint, Plan, Segment, SegmentKind
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import TICK_NS
from vehicle.control.state import VehicleState

if TYPE_CHECKING:  # it loads the safety room, which mutants have to come before
    from vehicle.runtime.loop import VehicleLoop

DATUM = LocalFrame(39.99, 46.93, 350.0)


def config(required_depth_m: float = 0.15) -> VehicleConfig:
    return VehicleConfig(
        vehicle_id="test",
        machine=load_machine("memat"),
        mission=MissionConfig(required_depth_m=required_depth_m),
    )


def vehicle_state(cfg: VehicleConfig | None = None) -> VehicleState:
    return VehicleState(config=cfg or config(), datum=DATUM)


def tick_record(tick: int = 1, **changes: Any) -> TickRecord:
    """A tick in which nothing happened but `changes`: of the record, or `report`, `events` and `results` of it."""
    said = {name: changes.pop(name) for name in ("report", "events", "results") if name in changes}
    outputs = Outputs(**{"command": cast("Any", None), "report": None, "events": ()} | said)
    quiet: dict[str, Any] = {
        "controller_in": b"",
        "batches": (),
        "overrun": False,
        "recording": True,
        "controller_out": b"",
    }
    if "state" not in changes:
        changes["state"] = _resting()
    return TickRecord(tick=tick, t_ns=tick * TICK_NS, outputs=outputs, **(quiet | changes))


@functools.cache
def _resting() -> VehicleState:
    return vehicle_state()


def plug(loop: "VehicleLoop", socket: Any) -> None:
    """One more source, sink or both."""
    if hasattr(socket, "drain"):
        loop._sources += (socket,)
    if hasattr(socket, "accept"):
        loop._sinks += (socket,)


def estimate(east_m: float = 0.0, north_m: float = 0.0, yaw_rad: float = 0.3, **changes: object) -> Estimate:
    ahead = 2.0
    base = Estimate(
        t_ns=0,
        valid=True,
        position_proven=True,
        fix=FixType.RTK_FIXED,
        gnss_age_s=0.05,
        imu_age_s=0.0,
        status_age_s=0.0,
        east_m=east_m,
        north_m=north_m,
        yaw_rad=yaw_rad,
        speed_mps=0.0,
        yaw_rate_radps=0.0,
        roll_rad=0.0,
        pitch_rad=0.0,
        crab_rad=0.0,
        slip_ratio=0.0,
        slip_curvature_1pm=0.0,
        sigma_east_m=0.01,
        sigma_north_m=0.01,
        sigma_yaw_rad=0.002,
        tool_east_m=east_m + ahead * math.cos(yaw_rad),
        tool_north_m=north_m + ahead * math.sin(yaw_rad),
        tool_sigma_m=0.01,
        innovation_ratio=0.1,
    )
    return msgspec.structs.replace(base, **changes)


def status(**changes: object) -> ControllerStatus:
    base = ControllerStatus(
        time_ms=0,
        boot_count=1,
        command_sequence=0,
        state=ControllerState.RUN,
        flags=ControllerFlag(0),
        command_age_ms=0,
        track_left_mps=0.0,
        track_right_mps=0.0,
        applied_left_mps=0.0,
        applied_right_mps=0.0,
        rotor_speed_radps=0.0,
        rotor_torque_nm=0.0,
        tool_height_m=0.3,
        depth_m=-0.3,
        depth_sigma_m=0.003,
        engine_speed_radps=200.0,
        engine_load_ratio=0.3,
        hydraulic_pressure_pa=2.0e7,
        hydraulic_temp_degc=60.0,
        coolant_temp_degc=80.0,
        supply_voltage_v=26.0,
        fault_bits=0,
        depth_datum=DepthDatum.GROUND_AHEAD,
    )
    return msgspec.structs.replace(base, **changes)


def imu(**changes: object) -> ImuSample:
    base = ImuSample(
        time_ms=0,
        yaw_rate_radps=0.0,
        roll_rate_radps=0.0,
        pitch_rate_radps=0.0,
        accel_x_mps2=0.0,
        accel_y_mps2=0.0,
        accel_z_mps2=9.81,
        roll_rad=0.0,
        pitch_rad=0.0,
        clip_count=0,
    )
    return msgspec.structs.replace(base, **changes)


def gnss(east_m: float, north_m: float, up_m: float, yaw_rad: float | None, **changes: object) -> GnssFix:
    lat, lon, alt = DATUM.geodetic_from_enu(east_m, north_m, up_m)
    base = GnssFix(
        time_ms=0,
        fix=FixType.RTK_FIXED,
        satellites=20,
        lat_deg=lat,
        lon_deg=lon,
        alt_m=alt,
        sigma_horizontal_m=0.02,
        sigma_vertical_m=0.03,
        yaw_rad=yaw_rad,
        yaw_sigma_rad=math.radians(0.2),
        speed_mps=0.0,
        course_rad=0.0,
        correction_age_s=1.0,
        base_id=7,
    )
    return msgspec.structs.replace(base, **changes)


def swath(seq: int, length_m: float, yaw_rad: float, start_m: tuple[float, float] = (0.0, 0.0)) -> Segment:
    end = (start_m[0] + length_m * math.cos(yaw_rad), start_m[1] + length_m * math.sin(yaw_rad))
    return Segment(
        seq=seq,
        kind=SegmentKind.SWATH,
        tool_down=True,
        points_m=(start_m, end),
        yaw_start_rad=yaw_rad,
        yaw_end_rad=yaw_rad,
        speed_mps=0.28,
    )


def plan(segments: tuple[Segment, ...], machine: MachineFootprint) -> Plan:
    return Plan(
        datum=DATUM,
        site_hash="test",
        plan_hash="test",
        machine=machine,
        segments=segments,
        untreatable=(),
        certificate=Certificate(
            missed_nominal_m2=0.0,
            missed_shrunk_m2=0.0,
            missed_bitmap_m2=0.0,
            missed_shrunk_bitmap_m2=0.0,
            cross_track_budget_m=0.05,
        ),
        area_m2=100.0,
        overlap_m=0.2,
        outside="safe",
        outside_assumed=False,
        keep_out_m=(),
        unproven_m=(),
        time_s=0.0,
        bound_s=0.0,
    )
