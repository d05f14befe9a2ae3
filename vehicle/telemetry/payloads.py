"""Builds the body of each topic from a report. All functions are pure."""

import math

import msgspec

from vehicle.config.machine import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Event, MissionPhase, Mode, VehicleReport
from vehicle.telemetry.schemas import (
    Envelope,
    EventBody,
    FactsheetBody,
    GapBody,
    Header,
    LinkBody,
    Mission,
    PoseBody,
    ProgressBody,
    PublisherCounts,
    StateBody,
    ToolBody,
)

FRESH_S = 1.0
"""Values of controller and inclinometer that are older count as unknown; both report at least ten times a second."""
FIX_S = 2.0
PRESENT_S = 1.0
"""An operator counts as absent after this time without a frame; consoles send twenty frames a second."""
NEVER_S = 1000.0
"""Ages are not counted beyond this value."""
RESTING = (MissionPhase.IDLE, MissionPhase.DONE)
"""Phases in which no path is driven, so there is no cross-track error."""


def factsheet(
    machine: MachineConfig, required_depth_m: float, config_hash: bytes, streams: tuple[str, ...]
) -> FactsheetBody:
    """Return the body of `factsheet`: figures of the machine, sent once per connection."""
    tool, tracks = machine.tool, machine.tracks
    return FactsheetBody(
        machine=machine.name,
        maker=machine.maker,
        tool_kind=tool.kind,
        tool_width_m=tool.width_m,
        tool_ahead_m=tool.ahead_m,
        depth_max_m=tool.depth_max_m,
        required_depth_m=required_depth_m,
        track_outer_width_m=tracks.outer_width_m,
        track_length_m=tracks.length_m,
        working_speed_mps=tracks.working_speed_mps,
        transit_speed_mps=tracks.transit_speed_mps,
        mass_kg=machine.body.mass_kg,
        config_hash=config_hash.hex(),
        unverified_count=len(machine.unverified),
        streams=streams,
    )


def state(report: VehicleReport) -> StateBody:
    """Return the body of `state`: mode, phase, rotor, and why the vehicle stands."""
    gate, estimate = report.gate, report.estimate
    return StateBody(
        mode=gate.mode.name,
        phase=report.phase.value,
        rotor=gate.rotor.name if _fresh(estimate.status_age_s) else None,
        reasons=gate.reasons,
        driving=gate.driving,
        operator_present=operator_present(report),
        fix=estimate.fix.name if estimate.valid or estimate.gnss_age_s <= FIX_S else None,
        position_proven=estimate.position_proven,
        speed_cap_mps=known(gate.speed_cap_mps),
        processed_m2=round(report.processed_m2, 2),
        swept_m2=round(report.swept_m2, 2),
        provisional_m2=round(report.provisional_m2, 2),
        withdrawn_m2=round(report.withdrawn_m2, 2),
        wait_left_s=known(gate.wait_left_s) if gate.mode is Mode.WAIT else None,
    )


def operator_present(report: VehicleReport) -> bool:
    """Whether somebody holds the lease and is heard; a holder whose console is silent counts as absent."""
    return report.gate.lease_holder != 0 and report.gate.operator_age_s <= PRESENT_S


def state_key(report: VehicleReport) -> tuple[object, ...]:
    """Return the values whose change makes a state message due at once; areas change all the time and are left out."""
    gate, estimate = report.gate, report.estimate
    return (
        *(gate.mode, gate.rotor, gate.reasons, gate.driving, gate.lease_holder, operator_present(report), report.phase),
        *(estimate.fix, estimate.position_proven, _fresh(estimate.status_age_s)),
    )


def pose(report: VehicleReport, datum: LocalFrame | None) -> PoseBody:
    """Return the body of `pose`; every coordinate is None while the estimate is not valid."""
    estimate = report.estimate
    valid, tilted = estimate.valid, _fresh(estimate.imu_age_s)
    lat_deg, lon_deg = geodetic(datum, estimate.east_m, estimate.north_m) if valid else (None, None)
    return PoseBody(
        east_m=known(estimate.east_m) if valid else None,
        north_m=known(estimate.north_m) if valid else None,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        yaw_rad=known(estimate.yaw_rad) if valid else None,
        roll_rad=known(estimate.roll_rad) if tilted else None,
        pitch_rad=known(estimate.pitch_rad) if tilted else None,
        speed_mps=known(estimate.speed_mps) if valid and _fresh(estimate.status_age_s) else None,
        yaw_rate_radps=known(estimate.yaw_rate_radps) if tilted else None,
        sigma_east_m=known(estimate.sigma_east_m) if valid else None,
        sigma_north_m=known(estimate.sigma_north_m) if valid else None,
        sigma_yaw_rad=known(estimate.sigma_yaw_rad) if valid else None,
        tool_east_m=known(estimate.tool_east_m) if valid else None,
        tool_north_m=known(estimate.tool_north_m) if valid else None,
        cross_track_m=known(report.cross_track_m) if valid and report.phase not in RESTING else None,
        position_proven=estimate.position_proven,
    )


def tool(report: VehicleReport) -> ToolBody:
    """Return the body of `tool`: the tool as the controller measures it."""
    if not _fresh(report.estimate.status_age_s):  # old measurements say nothing about the present
        return ToolBody(rotor=None, rotor_speed_radps=None, depth_m=None, height_m=None)
    return ToolBody(
        rotor=report.gate.rotor.name,
        rotor_speed_radps=known(report.rotor_speed_radps),
        depth_m=known(report.tool_depth_m),
        height_m=known(report.tool_height_m),
    )


def link(report: VehicleReport, counts: PublisherCounts) -> LinkBody:
    """Return the body of `link`: ages of the sources that the vehicle depends on, and the publisher's counters."""
    estimate = report.estimate
    return LinkBody(
        operator_age_s=_age(report.gate.operator_age_s),
        gnss_age_s=_age(estimate.gnss_age_s),
        controller_age_s=_age(estimate.status_age_s),
        session_id=report.session_id,
        lease_holder=report.gate.lease_holder,
        reports_dropped=counts.reports_dropped,
        events_dropped=counts.events_dropped,
        live_dropped=counts.live_dropped,
        backlog=counts.backlog,
        connects=counts.connects,
    )


def event(happened: Event, datum: LocalFrame | None) -> EventBody:
    """Return the body of an event, with its position if it has one."""
    lat_deg, lon_deg = geodetic(datum, happened.east_m, happened.north_m)
    return EventBody(
        kind=happened.kind,
        text=happened.text,
        east_m=known(happened.east_m),
        north_m=known(happened.north_m),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
    )


def gap(lost: GapBody) -> EventBody:
    """Return the event that reports lost records."""
    text = f"{lost.count} {lost.stream} records (seq {lost.first_seq} to {lost.last_seq}) lost: the outbox was full"
    return EventBody(kind="telemetry_gap", text=text, gap=lost)


def progress(report: VehicleReport, mission: Mission) -> ProgressBody:
    """Return the body of `progress`: how much of the mission is done."""
    return ProgressBody(
        mission_id=mission.mission_id,
        phase=report.phase.value,
        segment_seq=report.segment_seq,
        segment_count=report.segment_count,
        area_m2=round(mission.area_m2, 2),
        processed_m2=round(report.processed_m2, 2),
        swept_m2=round(report.swept_m2, 2),
        provisional_m2=round(report.provisional_m2, 2),
        withdrawn_m2=round(report.withdrawn_m2, 2),
    )


def _age(age_s: float) -> float | None:
    """Return the age; None if there was never a value, or if the age is beyond what is counted."""
    return known(age_s) if age_s < NEVER_S else None


def _fresh(age_s: float) -> bool:
    return age_s <= FRESH_S


def known(value: float | None) -> float | None:
    """Return the value rounded to a tenth of a millimetre (or milliradian); None if it is not a finite number."""
    return round(value, 4) if value is not None and math.isfinite(value) else None


def geodetic(
    datum: LocalFrame | None, east_m: float | None, north_m: float | None
) -> tuple[float | None, float | None]:
    """Return latitude and longitude [deg], rounded to a centimetre; two Nones if they are unknown."""
    east, north = known(east_m), known(north_m)
    if datum is None or east is None or north is None:
        return None, None
    lat_deg, lon_deg, _ = datum.geodetic_from_enu(east, north)
    return round(lat_deg, 7), round(lon_deg, 7)


def encode(header: Header, body: bytes) -> bytes:
    """Encode a message as it is sent."""
    return msgspec.json.encode(Envelope(header=header, body=msgspec.Raw(body)))
