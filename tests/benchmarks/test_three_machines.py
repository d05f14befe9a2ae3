"""Three machines on one task, in short: small blocks, ten minutes, and the same judge as in the hour."""

from pathlib import Path

import pytest

from benchmarks.three_machines import driven, good
from benchmarks.trials.task_of_three import Layout


@pytest.mark.slow
@pytest.mark.timeout(1500)  # 42,000 ticks of three machines
def test_no_ring_overlaps_in_motion_and_no_ground_is_used_before_it_was_taken_over(tmp_path: Path) -> None:
    figures = driven(2, 14.0, 150.0, tmp_path, lambda _: None, Layout(14.0, 5.0))
    assert good(figures), figures
