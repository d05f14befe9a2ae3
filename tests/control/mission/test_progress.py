"""Progress on a segment, on a side slope too."""

import math

import msgspec
import pytest

from tests import builders
from vehicle.contracts.geometry import offset_m
from vehicle.contracts.messages import Estimate
from vehicle.contracts.plan import SegmentKind
from vehicle.control.mission.progress import segment_progress

YAW_RAD = 0.7
SWATH = builders.swath(0, 12.0, YAW_RAD)


def leaning(aside_m: float, yaw_rad: float = YAW_RAD) -> Estimate:
    """The body stands on the line, and its tool cuts `aside_m` to the left of it."""
    on_line = builders.estimate(*offset_m((0.0, 0.0), YAW_RAD, 3.0), yaw_rad)
    east, north = offset_m((on_line.tool_east_m, on_line.tool_north_m), yaw_rad, 0.0, aside_m)
    return msgspec.structs.replace(on_line, tool_east_m=east, tool_north_m=north, tool_aside_m=aside_m)


@pytest.mark.parametrize("aside_m", [-0.05, 0.0, 0.034])
def test_at_work_the_middle_of_the_column_is_led_along_the_line(aside_m: float) -> None:
    assert segment_progress(SWATH, leaning(aside_m)) == pytest.approx((3.0, aside_m / 2.0))


@pytest.mark.parametrize("aside_m", [-0.05, 0.034])
@pytest.mark.parametrize("kind", [SegmentKind.REVERSE, SegmentKind.TRANSIT])
def test_a_raised_tool_leads_nothing(kind: SegmentKind, aside_m: float) -> None:
    segment = msgspec.structs.replace(SWATH, kind=kind, tool_down=False)
    _, cross_m = segment_progress(segment, leaning(aside_m))
    assert cross_m == pytest.approx(0.0, abs=1e-9)


def test_the_lean_turns_with_the_body() -> None:
    """Across the line nothing of it is cross-track."""
    _, cross_m = segment_progress(SWATH, leaning(0.04, YAW_RAD + math.pi / 3.0))
    level = 2.0 * math.sin(math.pi / 3.0)
    assert cross_m == pytest.approx(level + 0.5 * 0.04 * math.cos(math.pi / 3.0))
