"""What the controller does from power-up: figures, stopwatches, memory, boot."""

import ctypes
import math
from typing import Any

import pytest

from firmware_bridge.mavlink import _dialect as d
from tests.firmware_bridge.controller_bench import Bench, config
from tests.firmware_bridge.test_controller_faults import KILL, RESET, press_reset
from tests.firmware_bridge.test_controller_lease import BOOT, DRIVE, FAULT, RUN, SAFE


@pytest.mark.parametrize(
    ("odd", "fault", "after_ms"),
    [
        ({"track_left_mps": 0.5}, d.FLAIL_FAULT_BRAKE, 1_199),
        ({"track_right_mps": 0.5}, d.FLAIL_FAULT_TRACK_STUCK, 1_299),
        ({"rotor_speed_radps": 50.0}, d.FLAIL_FAULT_ROTOR_STUCK, 6_000),
        ({"supply_voltage_v": 10.0}, d.FLAIL_FAULT_SUPPLY, 500),
        ({"brake_contact": False}, d.FLAIL_FAULT_OUTPUT, 500),
    ],
    ids=str,
)
def test_stopwatches_start_at_power_up(library: ctypes.CDLL, odd: dict[str, Any], fault: int, after_ms: int) -> None:
    bench = Bench(library, now_ms=3_000_000_000)
    bench.ideal = False
    for name, value in odd.items():
        setattr(bench.inputs, name, value)
    bench.step(after_ms - 1, ms=1)
    assert not bench.faults() & fault
    bench.step(ms=1)
    assert bench.faults() & fault


def test_it_starts_the_same_in_used_memory(library: ctypes.CDLL) -> None:
    settings = config()
    bench = Bench(library, settings).ready()
    bench.drive(50, **DRIVE)
    bench.command(flags=KILL, track_left=math.nan)
    bench.step()
    library.fc_init(bench.node, ctypes.byref(settings), 18, False, ctypes.c_uint32(bench.now_ms))
    assert (bench.state(), bench.faults()) == (BOOT, 0)
    assert bytes(bench.out) == b"\0" * ctypes.sizeof(bench.out)
    bench.ready()


@pytest.mark.parametrize("figure", [*range(9), "watchdog_ms", "rotor_run_down_ms", "brake_time_ms"])
def test_small_figures_are_figures(library: ctypes.CDLL, figure: int | str) -> None:
    small = {figure: 1} if isinstance(figure, str) else {FIGURES[figure]: 0.005}
    bench = Bench(library, config(**small))
    bench.hello()
    bench.step()
    assert bench.state() == SAFE


def test_a_watchdog_restart_waits_for_a_reset(library: ctypes.CDLL) -> None:
    bench = Bench(library, watchdog_reset=True)
    bench.hello()
    bench.drive(5)
    assert (bench.state(), bench.faults()) == (FAULT, d.FLAIL_FAULT_WATCHDOG_RESET)
    bench.drive(1, flags=RESET)
    bench.drive(1)
    assert bench.state() == RUN


FIGURES = [
    "track_speed_max_mps", "track_accel_mps2", "track_decel_mps2", "rotor_speed_max_radps", "rotor_accel_radps2",
    "rotor_still_radps", "tool_height_max_m", "tool_depth_max_m", "supply_min_v",
]  # fmt: skip
BAD_CONFIGS: list[dict[str, float]] = [
    *({name: bad} for name in FIGURES for bad in (0.0, -1.0, math.nan, math.inf)),
    *({"supply_max_v": bad} for bad in (18.0, math.nan, math.inf)),
    {"watchdog_ms": 0},
    {"watchdog_ms": 201},
    {"rotor_run_down_ms": 0},
    {"brake_time_ms": 0},
]


@pytest.mark.parametrize("bad", BAD_CONFIGS, ids=str)
def test_a_bad_configuration_has_no_reset(library: ctypes.CDLL, bad: dict[str, float]) -> None:
    bench = Bench(library, config(**bad))
    bench.hello()
    bench.drive(3, flags=RESET)
    press_reset(bench)
    bench.drive(3)
    assert bench.state() == FAULT
    assert bench.faults() & d.FLAIL_FAULT_CONFIG


def test_boot_comes_back_only_by_a_handshake(bench: Bench) -> None:
    bench.step(50)
    press_reset(bench)
    bench.drive(5, flags=RESET)
    assert bench.state() == BOOT
