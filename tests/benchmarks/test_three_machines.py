"""Three machines on one task, in short: small blocks, nine minutes, and the same judge as in the hour."""

from pathlib import Path

import pytest

from benchmarks.three_machines import driven, good
from benchmarks.trials import task_of_three
from benchmarks.trials.task_of_three import DEMINER, Layout

EARLIER_S = 300.0
"""The deminer comes before the small blocks are done, and is gone again."""


@pytest.mark.release
@pytest.mark.timeout(1500)  # 27,000 ticks of three machines
def test_no_ring_overlaps_in_motion_and_no_ground_is_used_before_it_was_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tuple((time_s - EARLIER_S, east_m) for time_s, east_m in DEMINER)
    monkeypatch.setattr(task_of_three, "DEMINER", earlier)
    figures = driven(2, 9.0, 110.0, tmp_path, lambda _: None, Layout(9.0, 4.0))
    assert good(figures), figures
    assert figures["stops by rings"]["C"] > 0, "the deminer came near"
