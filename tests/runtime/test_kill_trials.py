"""Death in motion with real processes, judged by order and state; and a judge of milliseconds that can say no.

The milliseconds themselves want an idle machine: `make trials`.
"""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.drive_rig import ROOT
from benchmarks.kill_trials import KINDS, LIMIT_MS, NotReadyError, Trial, counts, judged, longest_gap_ms, passed
from benchmarks.trials.real_machine import SAFE, Outputs

COUNT, BENCHES = 3, 1
SIGNAL_NS = 1_000_000_000


def steps(*rows: tuple[int, float, float, bool]) -> list[Outputs]:
    """Time [ms] after the signal, belts, rotor, brakes off."""
    return [
        SAFE._replace(t_ms=1_000 + t_ms, left_mps=belt, right_mps=belt, rotor_radps=rotor, brake_release=off)
        for t_ms, belt, rotor, off in rows
    ]


DRIVES = ((-10, 0.28, 20.0, True), (0, 0.28, 20.0, True), (100, 0.28, 20.0, True))


def test_a_stop_is_the_first_step_that_ramps_with_the_rotor_off() -> None:
    rows = steps(*DRIVES, (140, 0.27, 0.0, True), (150, 0.26, 0.0, True), (400, 0.0, 0.0, True), (500, 0.0, 0.0, False))
    assert judged(rows, SIGNAL_NS) == (141.0, 501.0)


@pytest.mark.parametrize(
    "rest",
    [
        ((140, 0.27, 1.0, True), (500, 0.0, 0.0, False)),  # the rotor driven on
        ((140, 0.28, 0.0, True), (500, 0.0, 0.0, False)),  # belts held
        ((140, 0.27, 0.0, True), (300, 0.28, 0.0, True), (500, 0.0, 0.0, False)),  # driving again
    ],
)
def test_driving_on_is_no_stop(rest: tuple[tuple[int, float, float, bool], ...]) -> None:
    stop_ms, _ = judged(steps(*DRIVES, *rest), SIGNAL_NS)
    assert stop_ms == 501.0


def test_a_controller_that_was_held_up_is_told_from_one_that_drove_on() -> None:
    held_up = steps(*DRIVES, (250, 0.27, 0.0, True))
    assert judged(held_up, SIGNAL_NS)[0] == 251.0
    assert longest_gap_ms(held_up, SIGNAL_NS, 251.0) == 150
    drove_on = steps(*((t_ms, 0.28, 20.0, True) for t_ms in range(-10, 250, 10)), (250, 0.27, 0.0, True))
    assert judged(drove_on, SIGNAL_NS)[0] == 251.0
    assert longest_gap_ms(drove_on, SIGNAL_NS, 251.0) == 10
    before = steps((-400, 0.28, 20.0, True), (0, 0.28, 20.0, True), (10, 0.27, 0.0, True), (500, 0.0, 0.0, False))
    assert longest_gap_ms(before[1:], SIGNAL_NS, 11.0) == 10


def test_what_never_stops_never_passes() -> None:
    stop_ms, rest_ms = judged(steps(*DRIVES), SIGNAL_NS)
    assert (stop_ms, rest_ms) == (float("inf"), float("inf"))
    good = Trial(kind="kill", stop_ms=LIMIT_MS)
    assert passed([good])
    assert not passed([good, Trial(kind="kill", stop_ms=LIMIT_MS + 0.1)])
    assert not passed([good, Trial(kind="kill", stop_ms=1.0, wrong="drove on")])
    assert not passed([])


def test_any_time_will_do_where_only_order_and_state_are_judged() -> None:
    slow = Trial(kind="kill", stop_ms=900.0, held_up_ms=700)
    assert not passed([slow])
    assert passed([slow], math.inf)
    assert not passed([Trial(kind="kill", stop_ms=math.inf)], math.inf)
    assert not passed([Trial(kind="kill", stop_ms=1.0, wrong="drove on")], math.inf)
    assert counts(slow, math.inf) is slow
    with pytest.raises(NotReadyError, match="not scheduled for 700 ms"):
        counts(slow, LIMIT_MS)


def deaths(count: int, limit_ms: float) -> dict[str, dict[str, Any]]:
    """So many of each kind; every figure of each kind."""
    wanted = ("--trials", str(count), "--limit-ms", str(limit_ms), "--benches", str(BENCHES), "--json")
    command = [sys.executable, "benchmarks/kill_trials.py", *wanted]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found: dict[str, dict[str, Any]] = json.loads(run.stdout)
    assert {kind: row["within_limit"] for kind, row in found.items()} == dict.fromkeys(KINDS, count)
    return found


@pytest.mark.real
@pytest.mark.slow
def test_after_a_death_nothing_drives_before_reset_and_arm() -> None:
    deaths(COUNT, math.inf)


@pytest.mark.real
@pytest.mark.trials
def test_ten_of_each_stop_within_200_ms(record_property: Callable[[str, object], None]) -> None:
    for kind, row in deaths(10, LIMIT_MS).items():
        record_property(f"worst, {kind}", f"{row['stop_ms']['p100']} ms")
