"""Facts of a healthy tick, and small changes of them, for the tests of the interlocks."""

import math

import msgspec

from firmware_bridge.types import ControllerFault, ControllerFlag
from tests.builders import estimate, gnss, status
from tests.control.safety.gate_inputs import CONFIG, configured
from tests.control.safety.rig import frame
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import checks
from vehicle.control.safety.facts import Facts
from vehicle.control.safety.fence import Room
from vehicle.control.safety.measurements import Measurements
from vehicle.control.shock import Shock

R, F, X = StopReason, ControllerFlag, ControllerFault
NAN = math.nan
MEASURED = Measurements(
    status=status(),
    gnss=gnss(0.0, 0.0, 0.0, 0.3),
    flags=0,
    boots_recent=0,
    gap_ns=20_000_000,
    speed_mps=0.0,
    fastest_mps=0.0,
    advance_mps=0.0,
    standing=True,
    tool_up=True,
    rotor_ratio=0.0,
    at_speed=False,
    rotor_stopped=True,
    rotor_off_s=0.0,
    rotor_slow_s=0.0,
    rotor_ran=False,
    rotor_dropped=False,
    rotor_unasked=False,
    rotor_doubted=False,
    handshake=True,
    booted=False,
    status_same_ticks=0,
    chain_latched=False,
    mismatch=False,
    line_ms=20,
    base_changed=False,
    clipped=False,
    imu_same_ticks=0,
    gnss_same_ticks=0,
    depth_same_ticks=0,
    tilt_error_rad=0.0,
    course_error_rad=0.0,
    drifted=False,
    room=Room(),
    fenced_out=False,
    shock=Shock.NONE,
)
HEALTHY = Facts(
    mode=Mode.MANUAL,
    neutral_seen=True,
    phase=MissionPhase.WORK,
    tracks_supported=None,
    fenced=False,
    estimate=estimate(),
    measured=MEASURED,
    frame=frame(),
    safety=CONFIG.safety,
    machine=CONFIG.machine,
    age_ms=50,
    flapping=False,
    sample_age_ms=50,
    clone=False,
    rival=False,
    asked_s=-1.0,
    unused_s=0.0,
    rest_s=0.0,
    wait_s=0.0,
    wire_errors=False,
    stick_faults=False,
    late=False,
    dropped_frames=False,
    recording=True,
    impossible=False,
    disorder=False,
    envelope=True,
    shock_again=False,
    shock_heavier=False,
)
ROLL, PITCH = CONFIG.machine.limits.roll_max_rad, CONFIG.machine.limits.pitch_max_rad
BRAKE_S = CONFIG.safety.t_brake_s
DOWN_S = max(6.0, CONFIG.machine.tool.spin_down_s + 2.0)
UP_S = max(8.0, CONFIG.machine.tool.spin_up_s + 3.0)
PARTS = {"e": "estimate", "s": "status", "g": "gnss", "n": "measured", "o": "frame", "f": "facts"}


def facts(changes: dict[str, object]) -> Facts:
    """Keys are `part.field`: e estimate, s status, g GNSS, n measured, o operator's frame, f facts."""
    by_part: dict[str, dict[str, object]] = {name: {} for name in PARTS.values()}
    for key, value in changes.items():
        part, field = key.split(".")
        by_part[PARTS[part]][field] = value
    source = MEASURED.status
    assert source is not None
    receiver = MEASURED.gnss
    assert receiver is not None
    measured = msgspec.structs.replace(
        MEASURED,
        **(
            {
                "status": msgspec.structs.replace(source, **by_part["status"]),
                "gnss": msgspec.structs.replace(receiver, **by_part["gnss"]),
            }
            | by_part["measured"]
        ),
    )
    return msgspec.structs.replace(
        HEALTHY,
        **(
            {
                "estimate": msgspec.structs.replace(HEALTHY.estimate, **by_part["estimate"]),
                "measured": measured,
                "frame": msgspec.structs.replace(HEALTHY.frame, **by_part["frame"]),  # type: ignore[type-var]
            }
            | by_part["facts"]
        ),
    )


def holds(reason: StopReason, changes: dict[str, object]) -> bool:
    return bool(checks.raised(facts(changes)) >> reason & 1)


ARMED = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT, Mode.RECOVERY)
SAFE = tuple(mode for mode in Mode if mode not in ARMED)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
MISSION = (*AUTO, Mode.WAIT)


def only_in(modes: tuple[Mode, ...], fact: dict[str, object]) -> list[tuple[dict[str, object], bool]]:
    return [({**fact, "f.mode": mode}, mode in modes) for mode in Mode]


def safety(**values: object) -> object:
    return configured("safety", **values).safety
