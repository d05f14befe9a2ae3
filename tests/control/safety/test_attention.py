"""The question for a sign of attention: when it comes, what answers it, and what follows where nothing does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import OperatorEdge
from tests.control.safety.gate_inputs import configured
from tests.control.safety.rig import SESSION, Rig
from vehicle.config.vehicle import SafetyConfig
from vehicle.contracts.messages import DriveRequest, Mode
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.safety import attention
from vehicle.control.state import GateState

E = OperatorEdge
SAFETY = SafetyConfig()
SOON = configured("safety", attention_s=1.5, attention_grace_s=1.0)
"""Asked after 25 to 75 ticks, slow 50 ticks later, ended 500 ticks after that."""
GOLDEN = [2655, 2525, 4374]
"""Ticks from an act at tick 1000, 1001 and 4321 of session 7 to the question."""


@given(session_id=st.integers(0, 2**64 - 1), act_tick=st.integers(0, 2**40))
def test_the_question_comes_30_to_90_s_after_an_act(session_id: int, act_tick: int) -> None:
    ticks = attention.asked_after_ticks(session_id, act_tick, SAFETY)
    assert 30.0 <= ticks * TICK_S <= 90.0


def test_both_ends_and_all_between_are_drawn() -> None:
    drawn = [attention.asked_after_ticks(SESSION, tick, SOON.safety) for tick in range(2000)]
    assert set(drawn) == set(range(25, 76))
    mean = sum(drawn) / len(drawn)
    assert 49.0 < mean < 51.0


def test_a_replay_asks_at_the_same_tick_and_another_session_at_another() -> None:
    assert [attention.asked_after_ticks(7, tick, SAFETY) for tick in (1000, 1001, 4321)] == GOLDEN
    other = [attention.asked_after_ticks(8, tick, SAFETY) for tick in (1000, 1001, 4321)]
    assert all(one != own for one, own in zip(other, GOLDEN, strict=True))


def test_seconds_since_the_question_and_until_the_machine_stands() -> None:
    ticks = attention.asked_after_ticks(7, 1000, SAFETY)
    state = GateState(session_id=7, attention_tick=1000, attention_t_ns=5)

    def at(tick: int) -> tuple[int, int]:
        return tick, 5 + (tick - 1000) * TICK_NS

    assert attention.asked_s(state, *at(1000 + ticks), SAFETY) == 0.0
    assert attention.asked_s(state, *at(1000 + ticks + 50), SAFETY) == 1.0
    assert attention.asked_s(state, *at(1000 + ticks - 50), SAFETY) == -1.0
    assert attention.left_s(state, *at(999 + ticks), SAFETY) is None, "nobody counts down to the question"
    assert attention.left_s(state, *at(1000 + ticks), SAFETY) == 20.0
    soon = attention.asked_after_ticks(7, 1000, SOON.safety)
    assert attention.left_s(state, *at(1000 + soon + 600), SOON.safety) == -1.0


def test_late_ticks_give_nobody_longer() -> None:
    """Whichever comes first, the ticks or the time."""
    ticks = attention.asked_after_ticks(7, 1000, SAFETY)
    state = GateState(session_id=7, attention_tick=1000, attention_t_ns=5)
    assert attention.asked_s(state, 1000 + ticks // 2, 5 + ticks * TICK_NS, SAFETY) == 0.0
    assert attention.asked_s(state, 1000 + ticks, 5, SAFETY) == 0.0


def test_row_117_from_the_question_to_standstill_is_never_longer_than_20_s() -> None:
    """A third of what the catalogue allows without a sign of attention; no key makes it longer."""
    with pytest.raises(ValueError, match="attention_grace_s"):
        SafetyConfig(attention_grace_s=10.1)
    with pytest.raises(ValueError, match="attention_s"):
        SafetyConfig(attention_s=90.1)
    assert SAFETY.attention_grace_s + attention.SLOW_S == 20.0
    assert attention.SLOW_S * attention.SLOW_MPS == 0.5, "metres that it creeps"


def asked(rig: Rig) -> int:
    """Run until the question is told; the tick in which it was."""
    for _ in range(80):
        rig.send()
        if "attention_asked" in rig.report.reasons:
            return rig.tick
    raise AssertionError(rig.report.reasons)


def test_row_117_asked_slow_and_ended() -> None:
    rig = Rig(SOON).to_work()
    rig.auto = DriveRequest(speed_mps=0.2)
    began = rig.state.attention_tick
    assert rig.report.attention_left_s is None
    first = asked(rig)
    assert first - began == attention.asked_after_ticks(SESSION, began, SOON.safety)
    assert rig.report.reasons == ("attention_asked",)
    assert rig.report.attention_left_s == 11.0
    assert rig.command.track_left_mps == pytest.approx(0.2), "a question alone slows nothing"
    rig.run(49)
    assert rig.command.track_left_mps == pytest.approx(0.2)
    rig.send()
    assert rig.report.reasons == ("attention_late", "attention_asked")
    assert rig.report.speed_cap_mps == 0.05
    assert rig.command.track_left_mps == pytest.approx(0.05)
    assert rig.command.rotor_speed_radps > 0.0
    rig.run(499)
    assert rig.mode is Mode.AUTO_WORK
    rig.send()
    assert rig.tick - first == 550
    assert rig.mode is Mode.WAIT
    assert rig.report.stop_reason == "attention"
    assert rig.command.track_left_mps == 0.0
    rig.send()
    assert "attention_asked" not in rig.report.reasons, "outside a mission nothing is asked"
    assert rig.report.attention_left_s is None
    rig.run(999)
    assert rig.mode is Mode.STOPPING


def test_late_ticks_put_no_question_off() -> None:
    """40 ms apart: it comes after half as many ticks, or one more."""
    rig = Rig(SOON).to_work()
    began = rig.state.attention_tick
    while "attention_asked" not in rig.report.reasons:
        assert rig.tick - began < 80
        rig.late_ns += TICK_NS
        rig.send()
    ticks = attention.asked_after_ticks(SESSION, began, SOON.safety)
    assert rig.tick - began <= ticks // 2 + 1


@pytest.mark.parametrize("edge", [E.ATTENTION, E.ACKNOWLEDGE, E.MISSION_START, E.ARM, E.RECOVERY, E.RESET, E.TAKE])
def test_any_act_of_the_holder_is_an_answer(edge: OperatorEdge) -> None:
    rig = Rig(SOON).to_work()
    asked(rig)
    rig.run(60)
    assert "attention_late" in rig.report.reasons
    rig.send(edge)
    assert rig.state.attention_tick == rig.tick
    rig.send()
    assert rig.report.reasons == ()
    assert rig.mode is Mode.AUTO_WORK


def test_a_button_that_is_held_and_frames_that_go_on_are_no_answer() -> None:
    rig = Rig(SOON).to_work()
    asked(rig)
    rig.send(E.ATTENTION)
    answered = rig.state.attention_tick
    assert answered == rig.tick
    rig.run(30, edges=E.ATTENTION)
    assert rig.state.attention_tick == answered


def test_an_observation_of_the_holder_is_an_answer_and_that_of_another_station_is_none() -> None:
    rig = Rig(SOON).to_work()
    asked(rig)
    rig.requests = {"observers": (2, 3)}
    rig.send()
    assert rig.state.attention_tick < rig.tick
    rig.requests = {"observers": (2, rig.station)}
    rig.send()
    assert rig.state.attention_tick == rig.tick
