"""Ticks that come late, or whose clock goes slower than they do: no brake gets more time, no wait becomes shorter."""

import pytest

from firmware_bridge.types import ControllerFlag, OperatorEdge
from tests.control.safety.gate_inputs import configured
from tests.control.safety.rig import Rig, driving, unwaited
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S, TICK_NS

AT = {"flags": ControllerFlag.SHOCK, "shock_peak_g": 60.0}
WAIT_S = 4.0
BRAKED = {"track_left_mps": 0.25, "track_right_mps": 0.25, "applied_left_mps": 0.0, "applied_right_mps": 0.0}


def ticks_rolled_on(drift_ns: int) -> int:
    """From a STOP on, of a machine that rolls on; each tick comes so much later than the one before it should."""
    rig = driving()
    rig.status |= BRAKED
    rig.controls = {}
    rig.send(OperatorEdge.STOP)
    assert rig.mode is Mode.STOPPING
    for ticks in range(1, 1000):
        rig.late_ns += drift_ns
        rig.send()
        if rig.mode is not Mode.STOPPING:
            assert rig.report.stop_reason == "runaway"
            return ticks
    raise AssertionError(rig.report.reasons)


def test_late_ticks_give_the_brakes_no_more_time() -> None:
    on_time = ticks_rolled_on(0)
    assert abs(ticks_rolled_on(TICK_NS) - on_time / 2) <= 1
    assert ticks_rolled_on(-TICK_NS // 2) == on_time, "a clock that goes slower counts for nothing"


@pytest.mark.parametrize("drift_ns", [0, TICK_NS, -TICK_NS // 2])
def test_a_wait_after_a_detonation_goes_by_what_has_gone_less_far(drift_ns: int) -> None:
    rig = Rig(unwaited(configured("tool", shock_small_g=8.0, shock_large_g=30.0), WAIT_S)).to_work()
    rig.status |= {"depth_m": 0.15}
    rig.run(2)
    rig.status |= AT
    rig.run(1)
    assert rig.report.detonation_left_s == WAIT_S
    ticks = 50
    for _ in range(ticks):
        rig.late_ns += drift_ns
        rig.send()
    gone_s = ticks * min(TICK_NS, TICK_NS + drift_ns) / NS_PER_S
    assert rig.report.detonation_left_s == pytest.approx(WAIT_S - gone_s)
