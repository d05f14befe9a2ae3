"""Third-party sticks: neutral latch, half throttle, stuck values, caps; no frame is younger than its sticks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.operator_link.exchange import Exchange
from vehicle.contracts.messages import Mode

HOLD = 1 << 4


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    made.vehicle(Mode.MANUAL, holder=255)
    return made


def push(link: Exchange, z: int, y: int = 0, buttons: int = HOLD, target: int = 1, times: int = 6) -> list[float]:
    """Sticks at 20 Hz; the drive values that reached the loop with hold-to-run."""
    driven: list[float] = []
    for _ in range(times):
        link.say("MANUAL_CONTROL", target=target, x=0, y=y, z=z, r=0, buttons=buttons)
        for frame in link.ticks(3):
            assert not frame.rotor_request
            if frame.hold_to_run:
                driven.append(frame.drive)
    return driven


def test_neutral_first_then_the_button_then_the_stick(link: Exchange) -> None:
    assert push(link, 800) == []
    assert push(link, 0) == []
    assert push(link, 0, buttons=0) == []
    driven = push(link, 800)
    assert driven
    assert 0.05 < max(driven) < 0.3


def test_a_centred_qgc_stick_is_not_half_throttle(link: Exchange) -> None:
    assert push(link, 500, buttons=0) == []
    assert push(link, 500) == []
    link.vehicle()
    link.say("PARAM_SET", target_system=1, target_component=1, param_id="JOY_THR_HALF", param_value=1.0, param_type=9)
    link.vehicle(Mode.MANUAL, holder=255)
    push(link, 500, buttons=0)
    driven = push(link, 500)
    assert driven
    assert set(driven) == {0.0}


@pytest.mark.parametrize(("z", "y"), [(32767, 0), (0, 32767), (1001, 0), (-1001, 0), (0, -32768)])
def test_values_off_the_scale_are_no_sticks(link: Exchange, z: int, y: int) -> None:
    push(link, 0, buttons=0)
    assert push(link, z, y) == []


def test_a_frame_for_another_vehicle_is_no_stick(link: Exchange) -> None:
    push(link, 0, buttons=0)
    assert push(link, 600, target=2) == []


def test_a_value_that_never_changes_is_no_hand(link: Exchange) -> None:
    push(link, 0, buttons=0)
    driven = push(link, 600, times=240)
    assert driven
    assert push(link, 600, times=10) == []


def test_a_pause_in_the_stream_asks_for_neutral_again(link: Exchange) -> None:
    push(link, 0, buttons=0)
    assert push(link, 600)
    link.ticks(25)
    assert push(link, 600) == []


def test_when_the_sticks_stop_the_frames_grow_old_and_cease(link: Exchange) -> None:
    push(link, 0, buttons=0)
    push(link, 600)
    late = [frame for frame in link.ticks(60) if frame.hold_to_run]
    assert len({frame.echo_tick for frame in late}) == 1
    assert len(late) <= 5


def test_overrides_of_mission_planner_and_mavproxy(link: Exchange) -> None:
    def override(throttle: int, hold: int, steer: int = 1500) -> list[float]:
        driven = []
        for _ in range(6):
            link.say(
                "RC_CHANNELS_OVERRIDE",
                target_system=1,
                target_component=1,
                chan1_raw=steer,
                chan3_raw=throttle,
                chan8_raw=hold,
            )
            driven += [frame.drive for frame in link.ticks(3) if frame.hold_to_run]
        return driven

    assert override(1800, 1900) == []
    assert override(1500, 1000) == []
    assert max(override(1800, 1900)) > 0.05
    assert override(0, 0) == []
    assert override(5000, 1900) == []


LEFT = 65535


def overridden(link: Exchange, times: int = 6, **pulses: int) -> list[float]:
    """Drive values that reached the loop with hold-to-run, of overrides at 16 Hz."""
    driven = []
    for _ in range(times):
        link.say("RC_CHANNELS_OVERRIDE", target_system=1, target_component=1, **pulses)
        driven += [frame.drive for frame in link.ticks(3) if frame.hold_to_run]
    return driven


@pytest.mark.parametrize("steer", [0, 1500, LEFT])
def test_a_button_that_is_not_said_any_more_is_released(link: Exchange, steer: int) -> None:
    overridden(link, chan1_raw=1500, chan3_raw=1500, chan8_raw=1000)
    assert overridden(link, chan1_raw=1500, chan3_raw=1800, chan8_raw=1900)
    for times in range(20):
        overridden(link, 1, chan1_raw=steer, chan3_raw=1700 + times, chan8_raw=LEFT)
    assert overridden(link, chan1_raw=steer, chan3_raw=1650, chan8_raw=LEFT) == []


def test_overrides_that_say_nothing_of_the_sticks_keep_none_alive(link: Exchange) -> None:
    overridden(link, chan1_raw=1500, chan3_raw=1500, chan8_raw=1000)
    assert overridden(link, chan1_raw=1500, chan3_raw=1800, chan8_raw=1900)
    left = {f"chan{number}_raw": LEFT for number in (*range(1, 9), *range(11, 19))}
    overridden(link, **left, chan9_raw=1500)
    assert overridden(link, 20, **left, chan9_raw=1500) == []
    assert overridden(link, chan1_raw=1500, chan3_raw=1800, chan8_raw=1900) == []


def test_neutral_overrides_are_no_neutral_of_a_pushed_joystick(link: Exchange) -> None:
    driven = []
    for _ in range(20):
        link.say("RC_CHANNELS_OVERRIDE", target_system=1, chan1_raw=1500, chan3_raw=1500, chan8_raw=1000)
        driven += link.ticks(1)
        link.say("MANUAL_CONTROL", target=1, z=800, buttons=HOLD)
        driven += link.ticks(2)
    assert driven
    assert not any(frame.hold_to_run or frame.drive for frame in driven)


@pytest.mark.long
@settings(deadline=None)
@given(z=st.integers(-32768, 32767), y=st.integers(-32768, 32767), buttons=st.integers(0, 65535))
def test_no_stick_asks_for_more_than_the_cap(z: int, y: int, buttons: int) -> None:
    made = Exchange()
    made.vehicle(Mode.MANUAL, holder=255)
    push(made, 0, buttons=0, times=2)
    made.say("MANUAL_CONTROL", target=1, x=0, y=y, z=z, r=0, buttons=buttons)
    for frame in made.ticks(6):
        assert abs(frame.drive) < 0.3
        assert not frame.native
