"""Stop latency over the whole operator link: a sample of `make link-stops`, and proof that a late stop is seen."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from benchmarks.controller_build import build_controller
from benchmarks.link_stops import FOLDER, shapes, summary
from benchmarks.real_stops import real_trials
from benchmarks.trials.link_trials import LATENCY_MAX_MS, is_late, run_trial
from benchmarks.trials.linked_scenario import Stop
from tests.marks import some
from vehicle.control.safety import checks, lease

NAMES = tuple(shapes(FOLDER))
SAMPLE = ("1 total loss", "11 jammed")
"""One trial of a real bench takes 7 s and more; every shape, and what it takes, is in `make trials`."""


@pytest.mark.long
@pytest.mark.parametrize("seed", some(range(3), 1, pytest.mark.release))
@pytest.mark.parametrize("name", NAMES)
def test_no_stop_takes_longer_than_half_a_second(name: str, seed: int) -> None:
    stop = run_trial(name, shapes(FOLDER)[name], seed)
    assert stop.speed_mps > 0.02
    assert not is_late(stop)
    assert not stop.breaches
    assert summary([stop])[name]["p100_ms"] <= LATENCY_MAX_MS


@pytest.mark.long
def test_a_trial_is_a_function_of_its_seed() -> None:
    shape = shapes(FOLDER)["11 jammed"]
    assert run_trial("11 jammed", shape, 5) == run_trial("11 jammed", shape, 5)


@pytest.mark.long
def test_a_vehicle_that_believes_too_long_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "5 uplink dead"
    monkeypatch.setattr(lease, "t_stop_ms", lambda *_: 900)
    monkeypatch.setattr(lease, "end_ms", lambda stop_ms, _: stop_ms)
    at_the_limit = run_trial(name, shapes(FOLDER)[name], 1)
    assert at_the_limit.latency_ms >= 480.0  # ticks that it does not remember are too old: a second bound
    monkeypatch.setattr(lease, "age_ms", lambda echo_tick, tick, *_: (tick - echo_tick) * lease.TICK_MS)
    monkeypatch.setattr(checks, "SAMPLE_MAX_MS", 9_000)
    monkeypatch.setattr(lease, "flapping", lambda *_, **__: False)
    stops = [run_trial(name, shapes(FOLDER)[name], seed) for seed in range(2)]
    assert all(map(is_late, stops))
    assert all(stop.breaches for stop in stops)


def test_a_machine_that_did_not_move_is_no_trial() -> None:
    still = Stop(shape="x", seed=1, scene="slow", latency_ms=math.nan, speed_mps=0.0)
    assert is_late(still)
    assert not is_late(msgspec.structs.replace(still, latency_ms=480.0))


def _real(folder: Path, names: tuple[str, ...], trials: int) -> list[Stop]:
    build_controller()
    chosen = {name: shape for name, shape in shapes(FOLDER).items() if name in names}
    return asyncio.run(real_trials(folder, chosen, range(trials), lambda _: None))


@pytest.mark.real
@pytest.mark.slow
def test_real_processes_stop_when_the_link_fails(tmp_path: Path) -> None:
    stops = _real(tmp_path, SAMPLE, 1)
    assert len(stops) == len(SAMPLE)
    assert all(math.isfinite(stop.latency_ms) for stop in stops), "each drove, and stopped by itself"


@pytest.mark.real
@pytest.mark.trials
@pytest.mark.timeout(900)
def test_real_processes_stop_in_time_in_every_shape(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stops = _real(tmp_path, NAMES, 3)
    for name, row in summary(stops).items():
        record_property(f"worst, {name}", f"{row['p100_ms']:.0f} ms")
    assert [stop for stop in stops if is_late(stop)] == []
