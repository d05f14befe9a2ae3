"""What passes, in numbers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import config
from tests.control.safety.rig import frame
from vehicle.contracts.messages import DriveRequest, FlailRequest, MissionPhase, Mode, Requests, ToolMode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety.command_shaping import STOP_SHAPE, shape, speed_cap_mps
from vehicle.control.safety.masks import mask
from vehicle.control.safety.permits import NOTHING, Permit

CONFIG = config()
TRACKS, TOOL = CONFIG.machine.tracks, CONFIG.machine.tool
ALL = Permit(drive=True, rotor=True, tool=True, tool_down=True)
R = StopReason


def requests(**changes: object) -> Requests:
    values: dict[str, Any] = {
        "auto_drive": DriveRequest(),
        "auto_flail": FlailRequest(),
        "auto_phase": MissionPhase.WORK,
        "manual_drive": DriveRequest(),
        "manual_flail": FlailRequest(),
    }
    return Requests(**(values | changes))


def by_stick(
    speed: float, yaw: float, drive: float, turn: float, permit: Permit = ALL, cap: float = 9.0
) -> DriveRequest:
    wanted = requests(
        manual_drive=DriveRequest(speed_mps=speed, yaw_rate_radps=yaw), auto_drive=DriveRequest(speed_mps=7)
    )
    return shape(Mode.MANUAL, permit, wanted, frame(drive=drive, turn=turn), cap, CONFIG).drive


def auto(
    speed: float, yaw: float = 0.0, mode: Mode = Mode.AUTO_MOVE, permit: Permit = ALL, cap: float = 9.0
) -> DriveRequest:
    wanted = requests(
        auto_drive=DriveRequest(speed_mps=speed, yaw_rate_radps=yaw), manual_drive=DriveRequest(speed_mps=7)
    )
    return shape(mode, permit, wanted, None, cap, CONFIG).drive


def test_nothing_permitted_is_the_stop_shape() -> None:
    wanted = requests(
        auto_drive=DriveRequest(speed_mps=1.0),
        manual_drive=DriveRequest(speed_mps=1.0),
        auto_flail=FlailRequest(rotor_speed_radps=10.0, tool_mode=ToolMode.HEIGHT, tool_value_m=0.3),
        manual_flail=FlailRequest(rotor_speed_radps=10.0, tool_mode=ToolMode.DEPTH, tool_value_m=0.3),
    )
    for mode in Mode:
        assert shape(mode, NOTHING, wanted, frame(drive=1.0), 9.0, CONFIG) == STOP_SHAPE


NO_ROTOR = Permit(drive=True)


@pytest.mark.parametrize(
    ("speed", "yaw", "drive", "turn", "expected"),
    [
        (0.5, 0.1, 1.0, 1.0, (0.5, 0.1)),
        (-0.5, -0.1, -1.0, -1.0, (-0.5, -0.1)),
        (0.5, 0.1, 0.0, 0.0, (0.0, 0.0)),
        (0.5, 0.1, -1.0, -1.0, (0.0, 0.0)),
        (-0.5, -0.1, 1.0, 1.0, (0.0, 0.0)),
        (0.5, 0.0, 0.1, 0.0, (0.1 * TRACKS.transit_speed_mps, 0.0)),
        (-0.5, 0.0, -0.1, 0.0, (-0.1 * TRACKS.reverse_speed_mps, 0.0)),
        (0.0, 0.3, 0.0, 0.1, (0.0, 0.1 * TRACKS.pivot_rate_radps)),
        (0.0, -0.3, 0.0, -0.1, (0.0, -0.1 * TRACKS.pivot_rate_radps)),
        (math.nan, math.nan, 1.0, 1.0, (0.0, 0.0)),
        (math.inf, math.inf, 1.0, 1.0, (0.0, 0.0)),
    ],
)
def test_by_stick_nothing_passes_that_the_sticks_do_not_ask_for(
    speed: float, yaw: float, drive: float, turn: float, expected: tuple[float, float]
) -> None:
    assert TRACKS.transit_speed_mps != TRACKS.reverse_speed_mps
    out = by_stick(speed, yaw, drive, turn, NO_ROTOR)
    assert (out.speed_mps, out.yaw_rate_radps) == pytest.approx(expected)


def test_without_a_frame_nothing_passes_by_stick() -> None:
    wanted = requests(manual_drive=DriveRequest(speed_mps=1.0))
    assert shape(Mode.MANUAL, ALL, wanted, None, 9.0, CONFIG).drive == DriveRequest()


def test_working_speed_wherever_the_rotor_may_work() -> None:
    assert by_stick(5.0, 0.0, 1.0, 0.0).speed_mps == TRACKS.working_speed_mps
    assert by_stick(5.0, 0.0, 1.0, 0.0, NO_ROTOR).speed_mps == TRACKS.transit_speed_mps
    assert auto(5.0, mode=Mode.AUTO_WORK).speed_mps == TRACKS.working_speed_mps
    assert auto(5.0, mode=Mode.AUTO_WORK, permit=NO_ROTOR).speed_mps == TRACKS.working_speed_mps
    assert auto(5.0).speed_mps == TRACKS.transit_speed_mps


@pytest.mark.parametrize("cap", [0.1, 0.27])
def test_the_cap_counts_both_ways(cap: float) -> None:
    assert auto(5.0, cap=cap).speed_mps == cap
    assert auto(-5.0, cap=cap).speed_mps == -cap
    assert auto(-5.0).speed_mps == -TRACKS.reverse_speed_mps
    assert auto(0.0, 5.0).yaw_rate_radps == pytest.approx(TRACKS.pivot_rate_radps)


def test_a_back_off_goes_only_backward() -> None:
    back = Permit(drive=True, reverse_only=True)
    assert auto(0.1, 0.1, permit=back) == DriveRequest()
    assert auto(math.nan, 0.1, permit=back) == DriveRequest()
    assert auto(-0.1, 0.01, permit=back) == DriveRequest(speed_mps=-0.1, yaw_rate_radps=0.01)
    assert auto(0.0, 0.01, permit=back).yaw_rate_radps == pytest.approx(0.01)


ROTOR = TOOL.rotor_speed_radps


@pytest.mark.parametrize(
    ("wanted", "passed"), [(ROTOR / 2, ROTOR / 2), (ROTOR * 2, ROTOR), (-5.0, 0.0), (math.nan, 0.0), (math.inf, 0.0)]
)
def test_the_rotor_never_beyond_its_working_speed(wanted: float, passed: float) -> None:
    asked = requests(auto_flail=FlailRequest(rotor_speed_radps=wanted))
    assert shape(Mode.AUTO_WORK, ALL, asked, None, 9.0, CONFIG).rotor_radps == passed
    assert shape(Mode.AUTO_WORK, Permit(tool=True), asked, None, 9.0, CONFIG).rotor_radps == 0.0


H, D, HOLD = ToolMode.HEIGHT, ToolMode.DEPTH, ToolMode.HOLD


@pytest.mark.parametrize(
    ("permit", "mode", "value", "expected"),
    [
        (ALL, H, 0.2, (H, 0.2)),
        (ALL, H, -0.2, (H, 0.0)),
        (ALL, H, 99.0, (H, TOOL.height_max_m)),
        (ALL, H, math.nan, (H, 0.0)),
        (ALL, H, math.inf, (H, 0.0)),
        (ALL, D, 0.12, (D, 0.12)),
        (ALL, D, 99.0, (D, TOOL.depth_max_m)),
        (ALL, D, -0.1, (D, 0.0)),
        (ALL, HOLD, 0.2, (HOLD, 0.0)),
        (Permit(tool=True), H, 0.2, (H, 0.2)),
        (Permit(tool=True), H, 0.05, (H, 0.1)),
        (Permit(tool=True), D, 0.1, (HOLD, 0.0)),
        (Permit(tool_down=True), D, 0.1, (D, 0.1)),
        (Permit(tool_down=True), H, 0.2, (HOLD, 0.0)),
    ],
)
def test_the_tool_in_its_reach_and_lowered_only_by_permit(
    permit: Permit, mode: ToolMode, value: float, expected: tuple[ToolMode, float]
) -> None:
    asked = FlailRequest(tool_mode=mode, tool_value_m=value)
    shaped = shape(Mode.AUTO_WORK, permit, requests(auto_flail=asked), None, 9.0, CONFIG)
    assert (shaped.tool_mode, shaped.tool_value_m) == expected
    shaped = shape(Mode.MANUAL, permit, requests(manual_flail=asked), frame(), 9.0, CONFIG)
    assert (shaped.tool_mode, shaped.tool_value_m) == expected


@pytest.mark.parametrize(
    ("mode", "bits", "changes", "expected"),
    [
        (Mode.MANUAL, 0, {}, 3.0),
        (Mode.AUTO_WORK, 0, {}, 3.0),
        (Mode.RECOVERY, 0, {}, 0.1),
        (Mode.RECOVERY, mask(R.LINK_SLOW), {}, 0.1),
        (Mode.MANUAL, mask(R.FENCE), {}, 0.3),
        (Mode.MANUAL, mask(R.LINK_AGEING), {}, 3.0),
        (Mode.AUTO_MOVE, mask(R.LINK_AGEING), {}, 0.3),
        (Mode.AUTO_WORK, mask(R.HOT), {}, 0.3),
        (Mode.MANUAL, mask(R.LINK_SLOW), {}, 0.27),
        (Mode.MANUAL, mask(R.LINK_SLOW, R.HOT), {}, 0.27),
        (Mode.MANUAL, mask(R.SECOND_STATION), {}, 3.0),
        (Mode.MANUAL, 0, {"native": False}, 0.5),
        (Mode.MANUAL, mask(R.HOT), {"native": False}, 0.3),
        (Mode.MANUAL, mask(R.VIDEO_LATE), {"video_age_ms": 300}, 0.3),
        (Mode.MANUAL, mask(R.VIDEO_LATE), {"video_age_ms": 400}, 0.3 * 101 / 201),
        (Mode.MANUAL, mask(R.VIDEO_LATE), {"video_age_ms": 500}, 0.3 / 201),
        (Mode.MANUAL, mask(R.VIDEO_LATE), {"video_age_ms": 600}, 0.0),
        (Mode.MANUAL, mask(R.VIDEO_LATE, R.LINK_SLOW), {"video_age_ms": 301}, 0.27),
        (Mode.AUTO_WORK, mask(R.VIDEO_LATE), {"video_age_ms": 450}, 0.3),
        (Mode.MANUAL, 0, {"video_age_ms": 450}, 3.0),
    ],
)
def test_caps_of_modes_and_reasons(mode: Mode, bits: int, changes: dict[str, object], expected: float) -> None:
    assert speed_cap_mps(mode, bits, frame(**changes)) == pytest.approx(expected)


def test_caps_without_a_frame() -> None:
    assert speed_cap_mps(Mode.HOLD, 0, None) == 3.0
    assert speed_cap_mps(Mode.HOLD, mask(R.HOT), None) == 0.3
    assert speed_cap_mps(Mode.MANUAL, mask(R.VIDEO_LATE), None) == 0.3


VALUES = st.floats(-20, 20) | st.just(math.nan) | st.just(math.inf)


@given(speed=VALUES, yaw=VALUES, drive=st.floats(-1, 1), turn=st.floats(-1, 1), cap=st.floats(0.001, 3))
def test_whatever_is_asked_stays_inside_every_cap(
    speed: float, yaw: float, drive: float, turn: float, cap: float
) -> None:
    for out in (by_stick(speed, yaw, drive, turn, NO_ROTOR, cap), auto(speed, yaw, cap=cap)):
        assert -min(cap, TRACKS.reverse_speed_mps) - 1e-9 <= out.speed_mps <= min(cap, TRACKS.transit_speed_mps) + 1e-9
        assert abs(out.yaw_rate_radps) <= TRACKS.pivot_rate_radps + 1e-9
    out = by_stick(speed, yaw, drive, turn, NO_ROTOR, cap)
    assert out.speed_mps * drive >= 0.0
    assert out.yaw_rate_radps * turn >= 0.0
