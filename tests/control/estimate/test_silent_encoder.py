"""A machine with a silent encoder is driven out: its place stays known, and nothing is credited by it."""

import math
from typing import Any

import msgspec
import pytest

from firmware_bridge.types import ControllerStatus
from tests import builders
from tests.control.estimate.test_fusion import CONFIG, GAUGE_M, Run
from vehicle.control.estimate import fusion
from vehicle.control.estimate.motion import belts as belts_mps
from vehicle.control.estimate.motion import standing as is_standing
from vehicle.control.state import WireState

NAN = math.nan
LEFT, RIGHT = {"track_left_mps": NAN}, {"track_right_mps": NAN}
SILENT = (LEFT, RIGHT, LEFT | RIGHT)


def status(**changes: object) -> ControllerStatus:
    return builders.status(**changes)


@pytest.mark.parametrize("silent", SILENT)
def test_the_way_back_in_recovery_stays_proven(silent: dict[str, float]) -> None:
    run = Run(11)
    for _ in range(1000):
        run.step()
    run.speed_mps, run.silent = -0.1, dict(silent)
    for _ in range(1500):
        estimate = run.step()
        assert estimate.position_proven
        assert run.tool_error_m(estimate) < min(0.12, 4.0 * estimate.tool_sigma_m)
        assert math.isnan(estimate.speed_mps), "no ground is processed at a speed that nobody measured"


@pytest.mark.parametrize("silent", SILENT)
def test_what_is_worked_out_is_doubted_more_than_what_is_measured(silent: dict[str, float]) -> None:
    run = Run(12, speed_mps=0.1)
    for _ in range(1000):
        whole = run.step()
    run.silent = dict(silent)
    for _ in range(250):
        worked_out = run.step()
    assert worked_out.sigma_east_m > 1.5 * whole.sigma_east_m


@pytest.mark.parametrize(
    ("changes", "belts"),
    [
        ({"track_left_mps": 0.2, "track_right_mps": 0.3}, (0.2, 0.3, 0.0)),
        ({"track_left_mps": NAN, "track_right_mps": 0.3}, (0.3 - 0.1 * GAUGE_M, 0.3, fusion.UNKNOWN_MPS)),
        ({"track_left_mps": 0.3, "track_right_mps": NAN}, (0.3, 0.3 + 0.1 * GAUGE_M, fusion.UNKNOWN_MPS)),
        (LEFT | RIGHT | {"applied_left_mps": 0.2, "applied_right_mps": 0.4}, (0.2, 0.4, fusion.UNKNOWN_MPS)),
    ],
)
def test_the_other_belt_and_the_gyro_tell_what_a_belt_does(
    changes: dict[str, float], belts: tuple[float, float, float]
) -> None:
    assert belts_mps(status(**changes), 0.1, CONFIG) == pytest.approx(belts)
    assert belts_mps(None, 0.1, CONFIG) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("silent", SILENT)
def test_a_standing_machine_adopts_no_other_place_by_waiting(silent: dict[str, float]) -> None:
    run = Run(8)
    for _ in range(500):
        run.step()
    run.jump_m, run.speed_mps, run.silent = 20.0, 0.0, dict(silent)
    proven = [run.step().position_proven for _ in range(1000)]
    assert not any(proven[10:])


@pytest.mark.parametrize("silent", SILENT)
def test_what_rolls_or_is_driven_does_not_start_anew(silent: dict[str, float]) -> None:
    still: dict[str, Any] = {"status": status(**silent), "imu": builders.imu()}
    fix = builders.gnss(0.0, 0.0, 0.0, 0.3, speed_mps=0.0999)

    def standing(speed_mps: float = 0.0999, **changes: object) -> bool:
        return is_standing(WireState(**(still | changes)), msgspec.structs.replace(fix, speed_mps=speed_mps))

    assert standing()
    for speed_mps in (0.1, -0.1, NAN, math.inf):
        assert not standing(speed_mps)
    for turn_radps in (0.02, -0.02, NAN):
        assert not standing(imu=builders.imu(yaw_rate_radps=turn_radps))
    for side in ("applied_left_mps", "applied_right_mps"):
        for applied_mps in (0.01, NAN):
            assert not standing(status=status(**silent, **{side: applied_mps}))
    assert not standing(imu=None)
    assert not standing(status=None)


def test_a_belt_that_is_known_must_rest() -> None:
    fix = builders.gnss(0.0, 0.0, 0.0, 0.3)
    for silent, other in ((LEFT, "track_right_mps"), (RIGHT, "track_left_mps")):
        wire = WireState(status=status(**silent, **{other: 0.01}), imu=builders.imu())
        assert not is_standing(wire, fix)
