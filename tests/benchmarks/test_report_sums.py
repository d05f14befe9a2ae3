"""What `make report-sums` records can be reported: else each of its missions fails, whatever the report says."""

import pytest

from benchmarks.report_sums import judged, readable
from benchmarks.trials.envelope import drawn
from vehicle.config.vehicle import SafetyConfig


@pytest.mark.parametrize("number", range(5))
def test_the_safety_settings_of_a_mission_are_read_back(number: int) -> None:
    settings = readable(drawn(7, number)).settings
    SafetyConfig(detonation_wait_s=settings.detonation_wait_s)


@pytest.mark.long
def test_a_mission_is_flown_recorded_and_reported_and_its_sums_add_up() -> None:
    assert judged(77, 1).faults == ()
