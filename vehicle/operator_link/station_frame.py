"""A report as it is sent to stations."""

from firmware_bridge.mavlink.command_adapters import SYSTEM_ID
from firmware_bridge.mavlink.neighbour_adapters import RADIUS_MAX_M
from firmware_bridge.types import NeighbourFrame, NeighbourKind, VehicleFrame
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import MissionPhase, VehicleReport
from vehicle.contracts.units import NS_PER_MS

PHASE_NUMBER = {phase: number for number, phase in enumerate(MissionPhase)}
"""Numbers of FLAIL_PHASE."""


def station_frame(report: VehicleReport, datum: LocalFrame) -> VehicleFrame:
    """The FLAIL_VEHICLE frame of a report; what is not known stays unknown."""
    estimate, gate = report.estimate, report.gate
    lat_deg: float | None = None
    lon_deg: float | None = None
    if estimate.valid:
        lat_deg, lon_deg, _ = datum.geodetic_from_enu(estimate.east_m, estimate.north_m)
    return VehicleFrame(
        tick=report.tick,
        session_id=report.session_id,
        mode=gate.mode,
        rotor=gate.rotor,
        phase=PHASE_NUMBER[report.phase],
        lease_holder=gate.lease_holder,
        worst_reason=gate.worst_reason,
        reasons=gate.reason_bits,
        reasons_high=gate.reason_bits_high,
        operator_age_ms=int(min(gate.operator_age_s, 65.0) * 1000.0),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        yaw_rad=estimate.yaw_rad if estimate.valid else None,
        speed_mps=estimate.speed_mps if estimate.valid else None,
        roll_rad=estimate.roll_rad,
        pitch_rad=estimate.pitch_rad,
        tool_height_m=report.tool_height_m,
        depth_m=report.tool_depth_m,
        rotor_speed_radps=report.rotor_speed_radps,
        segment_seq=report.segment_seq,
        segment_count=report.segment_count,
        cross_track_m=report.cross_track_m,
        along_m=report.along_m,
        processed_m2=report.processed_m2,
        sigma_m=estimate.tool_sigma_m if estimate.valid else None,
        ring_m=gate.ring_m,
    )


def ring_frames(report: VehicleReport, datum: LocalFrame) -> list[NeighbourFrame]:
    """The FLAIL_NEIGHBOUR frames of a report: rings that the vehicle knows, as wide as it takes them for."""
    found = []
    for one in report.gate.rings:
        lat_deg, lon_deg, _ = datum.geodetic_from_enu(one.east_m, one.north_m)
        found.append(
            NeighbourFrame(
                station_id=SYSTEM_ID,
                name=one.name,
                kind=NeighbourKind.PEOPLE if one.people else NeighbourKind.MACHINE,
                lat_deg=lat_deg,
                lon_deg=lon_deg,
                radius_m=min(one.radius_m, RADIUS_MAX_M),
                speed_mps=one.speed_mps,
                age_ms=max(0, (report.t_ns - one.t_ns) // NS_PER_MS),
                echo_tick=report.tick,
            )
        )
    return found
