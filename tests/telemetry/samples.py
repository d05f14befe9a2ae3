"""Reports and events to publish; the planted coordinates are found again wherever they leak."""

import msgspec

from tests.builders import estimate
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Event, GateReport, MissionPhase, Mode, RotorState, VehicleReport
from vehicle.telemetry.schemas import Mission

EAST_M, NORTH_M = 123.4567, -76.5432
"""Digits that occur in no other figure."""
DATUM = LocalFrame(39.9912, 46.9334, 350.0)
MISSION = Mission(mission_id="a1b2c3", area_m2=8512.5, datum=DATUM)
REPORT_NS = 40_000_000
"""Reports come at 25 Hz."""

GATE = GateReport(
    mode=Mode.AUTO_WORK,
    rotor=RotorState.AT_SPEED,
    reasons=(),
    operator_age_s=0.11,
    lease_holder=7,
    neutral_seen=True,
    speed_cap_mps=0.28,
    drive_speed_mps=0.27,
    drive_yaw_rate_radps=0.01,
    driving=True,
)


def report(number: int = 0, gate: GateReport = GATE, **changes: object) -> VehicleReport:
    base = VehicleReport(
        tick=2 * number,
        t_ns=number * REPORT_NS,
        estimate=estimate(EAST_M, NORTH_M, 0.7, t_ns=number * REPORT_NS),
        gate=gate,
        phase=MissionPhase.WORK,
        segment_seq=3,
        segment_count=40,
        along_m=1.0,
        cross_track_m=0.012,
        tool_depth_m=0.21,
        tool_height_m=-0.21,
        rotor_speed_radps=62.5,
        processed_m2=10.25,
        swept_m2=11.75,
        session_id=5,
    )
    return msgspec.structs.replace(base, **changes)


def halted(reason: str) -> GateReport:
    return msgspec.structs.replace(GATE, mode=Mode.HOLD, reasons=(reason,), driving=False)


def event(number: int = 0, kind: str = "shock", text: str = "shock at the rotor") -> Event:
    return Event(t_ns=number, tick=number, kind=kind, text=text, east_m=EAST_M, north_m=NORTH_M)
