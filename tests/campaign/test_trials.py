"""A sample of the stop-latency trials, and the recorded links they replay."""

import functools
from pathlib import Path

import pytest

from benchmarks.trials import link_traces
from benchmarks.trials.stop_trials import Trial, figures, is_late, run_trial
from tests.marks import reads_shared, some
from vehicle.contracts.errors import InputError

pytestmark = pytest.mark.long

LINKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "link"
BATCHES, TRIALS = 20, 10
BOUND_RATIO = 1.1


@functools.cache
def traces() -> dict[str, link_traces.Trace]:
    """Read once in a process that needs them."""
    return link_traces.load_folder(LINKS)


@reads_shared
@pytest.mark.parametrize("batch", some(range(BATCHES), 1, pytest.mark.release))
def test_no_trial_is_late_and_none_breaks_an_invariant(batch: int) -> None:
    found = figures([run_trial(seed, traces()) for seed in range(batch * TRIALS, (batch + 1) * TRIALS)])
    assert found.late == ()
    assert found.breached == ()
    assert found.latency_ms[2] <= 500.0
    assert 100.0 < found.death_ms[2] <= 200.0, "the lease is what ends it, and it was used"
    assert found.bound_ratio_max <= BOUND_RATIO


@reads_shared
@pytest.mark.parametrize("seed", some([2213, 3117, 337], 1, pytest.mark.release))
def test_on_a_slope_the_tool_is_credited_where_it_cuts(seed: int) -> None:
    """Trials that once credited up to 0.03 m2 that a tool 0.2 m in the ground of a slope had not reached."""
    assert run_trial(seed, traces()).breaches == ()


@reads_shared
def test_a_trial_is_a_function_of_its_seed() -> None:
    assert run_trial(11, traces()) == run_trial(11, traces())


@pytest.mark.parametrize(
    ("latency_ms", "death_ms", "late"),
    [
        (500.0, None, False),
        (501.0, None, True),
        (float("nan"), None, True),
        (300.0, 200.0, False),
        (300.0, 201.0, True),
    ],
)
def test_late_is_late(latency_ms: float, death_ms: float | None, late: bool) -> None:
    trial = Trial(
        seed=0, scene="", mode="", shape="", latency_ms=latency_ms, death_ms=death_ms, speed_mps=0.1, slope_deg=0.0,
        distance_m=0.0, bound_m=1.0, breaches=(),
    )  # fmt: skip
    assert is_late(trial) is late


@reads_shared
def test_recorded_links_have_their_known_shape() -> None:
    assert len(traces()) == 16
    assert {name.split("_")[0] for name in traces()} == {"cicv5g", "tyrell", "ucc5g", "mahimahi"}
    for name, trace in traces().items():
        times = [time_s for time_s, _ in trace]
        assert times == sorted(times), name
        assert times[0] == 0.0, name
        assert all(delay_s is None or 0.0 < delay_s < 20.0 for _, delay_s in trace), name
    worst_s = max(delay_s for _, delay_s in traces()["cicv5g_south_n8_v10_05.txt"] if delay_s is not None)
    assert worst_s == pytest.approx(15.4445)
    assert any(delay_s is None for _, delay_s in traces()["ucc5g_Driving_B_2020.02.13_15.02.01.csv"])


def test_a_window_keeps_what_was_in_force_at_its_beginning() -> None:
    trace = ((0.0, 0.1), (2.0, None), (5.0, 0.3))
    assert link_traces.window(trace, 3.0, 10.0, 100.0) == ((100.0, None), (102.0, 0.3))
    assert link_traces.outages_s(trace, 0.2) == (2.0,)


def test_a_file_that_is_no_link_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cicv5g_x.txt").write_text("pub sub delay\nnot a number at all\n")
    with pytest.raises(InputError, match="not a cicv5g link recording"):
        link_traces.load(tmp_path / "cicv5g_x.txt")
    with pytest.raises(InputError, match="unknown link recording"):
        link_traces.load(tmp_path / "other.txt")
