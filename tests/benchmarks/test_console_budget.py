"""What vehicle and console say to each other fits a slow radio; an older console hears what it always did."""

from collections import Counter

import pytest

from benchmarks.console_budget import LINE_BYTES_PER_S, SHARE_MAX, measured, measured_by_stick
from benchmarks.trials.linked_scenario import LinkedFaultScenario
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPECS

pytestmark = pytest.mark.long


def test_everything_on_leaves_two_fifths_of_a_slow_radio() -> None:
    rows = measured(10.0)
    told = {name for way, name in rows if way == "down"}
    assert {"FLAIL_BEAT", "FLAIL_VEHICLE", "FLAIL_WORK", "FLAIL_STROKES", "HEARTBEAT"} <= told
    assert rows["up", "FLAIL_OPERATOR"] > 1_200.0
    assert sum(rows.values()) <= SHARE_MAX * LINE_BYTES_PER_S


def test_a_stick_that_never_rests_takes_no_more_of_it() -> None:
    rows = measured_by_stick(10.0)
    assert rows["up", "FLAIL_OPERATOR"] > 1_550.0  # the early frames are among them
    assert sum(rows.values()) <= SHARE_MAX * LINE_BYTES_PER_S


def test_a_console_that_knows_no_beats_hears_the_report_twenty_times_a_second() -> None:
    rig = LinkedFaultScenario()
    rig.run(3.0)
    heard, write = Counter[str](), rig.radio.vehicle.write

    def sent(frame: bytes) -> None:
        heard.update(SPECS[found.msg_id].name for found in FrameParser().feed(frame))
        write(frame)

    rig.radio.vehicle.write = sent  # type: ignore[method-assign]
    rig.run(10.0)
    assert heard["FLAIL_VEHICLE"] == pytest.approx(200, abs=5)
    assert heard["ATTITUDE"] > 30
    assert not [name for name in heard if name in ("FLAIL_BEAT", "FLAIL_WORK", "FLAIL_STROKES")]
