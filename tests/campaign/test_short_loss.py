"""A loss of RTK fixed of a few seconds, on the full stack."""

from firmware_bridge.types import FixType
from tests.campaign.scenes import work
from vehicle.contracts.stop_codes import StopReason


def test_a_fix_that_came_back_is_judged_and_proves_nothing_meanwhile_but_the_receiver_is_not_lost() -> None:
    drill = work()
    drill.world.gnss.fix = FixType.RTK_FLOAT
    drill.run(3.0)
    drill.world.gnss.fix = FixType.RTK_FIXED
    lost = proven = judged = 0
    for _ in range(150):
        drill.step()
        gnss, place = drill.state.wire.gnss, drill.state.estimate.place
        assert gnss is not None
        judging = gnss.fix is FixType.RTK_FIXED and place.gathered is not None
        judged += judging
        lost += drill.state.gate.active >> StopReason.GNSS_LOST & 1
        proven += judging and not drill.state.gate.active >> StopReason.POSITION_UNPROVEN & 1
    assert judged > 40
    assert (lost, proven) == (0, 0)
    assert drill.state.gate.active >> StopReason.POSITION_UNPROVEN & 1 == 0
    assert drill.watch.finish() == ()
