"""The C controller's starter: what it needs, whatever the host asks; what ends it; and that nothing keeps it."""

import ctypes
import math
from typing import Any

import pytest

from firmware_bridge.mavlink import _dialect as d
from tests.firmware_bridge import controller_bench
from tests.firmware_bridge.controller_bench import Bench

BRAKE = d.FLAIL_COMMAND_FLAGS_BRAKE
START, IDLE, KEEP, OFF = (
    d.FLAIL_ENGINE_MODE_START,
    d.FLAIL_ENGINE_MODE_IDLE,
    d.FLAIL_ENGINE_MODE_KEEP,
    d.FLAIL_ENGINE_MODE_SHUTDOWN,
)
ASKS: dict[str, Any] = {"engine_mode": START, "flags": BRAKE}


def braked(bench: Bench) -> Bench:
    """Running at zero, brakes on for more than a second."""
    bench.ready()
    bench.drive(101, flags=BRAKE, engine_mode=IDLE)
    assert bench.out.engine_mode == IDLE
    return bench


def test_it_turns_while_commands_ask_for_it_and_no_longer_than_granted(bench: Bench) -> None:
    braked(bench)
    bench.drive(199, **ASKS)
    assert bench.out.engine_mode == START
    assert not bench.out.brake_release
    bench.drive(1, **ASKS)  # two seconds
    assert bench.out.engine_mode == IDLE
    bench.drive(50, **ASKS)
    assert bench.out.engine_mode == IDLE
    bench.drive(1, flags=BRAKE, engine_mode=IDLE)
    bench.drive(1, **ASKS)
    assert bench.out.engine_mode == START


@pytest.mark.parametrize("after", [KEEP, IDLE, OFF])
def test_nothing_keeps_it(bench: Bench, after: int) -> None:
    braked(bench)
    bench.drive(3, **ASKS)
    bench.drive(1, flags=BRAKE, engine_mode=after)
    assert bench.out.engine_mode == (OFF if after == OFF else IDLE)


def test_silence_ends_it_with_the_lease(bench: Bench) -> None:
    braked(bench)
    bench.drive(3, **ASKS)
    bench.command(**ASKS)
    bench.step(14)
    assert bench.out.engine_mode == START
    bench.step(1)
    assert (bench.out.engine_mode, bench.state()) == (IDLE, d.FLAIL_CONTROLLER_STATE_SAFE)


def test_to_ask_for_it_is_not_neutral(bench: Bench) -> None:
    bench.hello()
    bench.drive(120, **ASKS)
    assert bench.state() == d.FLAIL_CONTROLLER_STATE_SAFE
    assert bench.out.engine_mode == IDLE


@pytest.mark.parametrize("flag", [d.FLAIL_COMMAND_FLAGS_KILL])
def test_a_kill_ends_it_at_once(bench: Bench, flag: int) -> None:
    braked(bench)
    bench.drive(3, **ASKS)
    bench.command(flags=BRAKE | flag, engine_mode=START)
    assert (bench.out.engine_mode, bench.out.kill_release) == (KEEP, False)


@pytest.mark.parametrize(
    ("name", "value", "turns"),
    [
        ("brake_contact", False, False),
        ("track_left_mps", 0.049, True),
        ("track_left_mps", 0.05, False),
        ("track_right_mps", -0.05, False),
        ("track_left_mps", math.nan, False),
        ("track_right_mps", math.nan, False),
        ("rotor_speed_radps", 4.9, True),
        ("rotor_speed_radps", 5.0, False),
        ("rotor_speed_radps", -5.0, False),
        ("rotor_speed_radps", math.nan, False),
        ("engine_speed_radps", 5.0, True),
        ("engine_speed_radps", 5.1, False),
        ("engine_speed_radps", -5.1, False),
        ("engine_speed_radps", math.nan, False),
        ("estop_chain_closed", False, False),
        ("fire", True, False),
    ],
)
@pytest.mark.parametrize("turning", [False, True])
def test_each_thing_that_it_needs(bench: Bench, name: str, value: float, turns: bool, turning: bool) -> None:
    braked(bench)
    bench.ideal = False
    if turning:
        bench.drive(2, **ASKS)
        assert bench.out.engine_mode == START
    setattr(bench.inputs, name, value)
    bench.drive(1, **ASKS)
    still = turns or (turning and name == "engine_speed_radps" and abs(value) < 60.0)
    assert (bench.out.engine_mode == START) is still


@pytest.mark.parametrize(("speed_radps", "turns"), [(60.0, True), (60.1, False), (math.nan, False)])
def test_an_engine_that_runs_ends_it(bench: Bench, speed_radps: float, turns: bool) -> None:
    braked(bench)
    bench.drive(2, **ASKS)
    bench.ideal = False
    bench.inputs.engine_speed_radps = speed_radps
    bench.drive(1, **ASKS)
    assert (bench.out.engine_mode == START) is turns


@pytest.mark.parametrize("odd", [{"track_left": 0.1, "flags": 0}, {"rotor_speed": 1.0}])
def test_what_moves_anything_turns_no_starter(bench: Bench, odd: dict[str, Any]) -> None:
    braked(bench)
    bench.drive(3, **(ASKS | odd))
    assert bench.out.engine_mode == IDLE


def test_the_brakes_must_have_bitten(bench: Bench) -> None:
    bench.ready()
    bench.drive(20, track_left=0.1, track_right=0.1)
    while bench.out.brake_release:
        bench.drive(1, flags=BRAKE)
    bench.drive(98, **ASKS)
    assert bench.out.engine_mode == IDLE
    bench.drive(2, **ASKS)
    assert bench.out.engine_mode == START


def test_a_controller_without_a_starter_has_none_and_none_turns_for_long(library: ctypes.CDLL) -> None:
    without = braked(Bench(library, controller_bench.config(crank_max_ms=0)))
    without.drive(3, **ASKS)
    assert without.out.engine_mode == IDLE
    longest = Bench(library, controller_bench.config(crank_max_ms=15_000))
    assert longest.faults() == 0
    longer = Bench(library, controller_bench.config(crank_max_ms=15_001))
    longer.step()
    assert longer.faults() == d.FLAIL_FAULT_CONFIG
