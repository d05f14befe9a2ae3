"""What nobody measures is told as unknown to every station, and ends no program."""

import math

import msgspec
import pytest

from firmware_bridge.mavlink import codec
from tests.operator_link.exchange import Exchange, gate_report, report
from vehicle.operator_link.telemetry import STREAMS

BAD = (math.nan, math.inf, -math.inf, 1e300, -1e300)
VALUES = msgspec.structs.asdict(report(gate_report()).estimate)
FLOATS = [name for name, value in VALUES.items() if isinstance(value, float)]


@pytest.mark.parametrize("name", FLOATS)
def test_any_value_of_the_estimate_may_be_unknown(name: str) -> None:
    whole = report(gate_report())
    link = Exchange()
    for value in BAD:
        estimate = msgspec.structs.replace(whole.estimate, **{name: value})
        link.link.offer(msgspec.structs.replace(whole, estimate=estimate, tick=whole.tick + 1))
        for message, maker, _ in STREAMS.values():
            fields = maker(link.link.view)
            if fields is not None:
                assert codec.encode_fields(message, fields, 0, 1, 1)


@pytest.mark.parametrize("name", ["cross_track_m", "tool_depth_m", "rotor_speed_radps", "processed_m2"])
def test_any_value_of_the_report_may_be_unknown(name: str) -> None:
    whole = report(gate_report())
    link = Exchange()
    for value in BAD:
        link.link.offer(msgspec.structs.replace(whole, tick=whole.tick + 1, **{name: value}))
        for message, maker, _ in STREAMS.values():
            fields = maker(link.link.view)
            if fields is not None:
                assert codec.encode_fields(message, fields, 0, 1, 1)


def test_a_silent_encoder_is_an_unknown_speed_not_the_end_of_the_link() -> None:
    whole = report(gate_report())
    link = Exchange()
    link.say("HEARTBEAT", type=6)
    estimate = msgspec.structs.replace(whole.estimate, speed_mps=math.nan)
    link.link.offer(msgspec.structs.replace(whole, estimate=estimate, tick=whole.tick + 1))
    heard = dict(link.hear(1.0, streams=True))
    assert heard["GPS_RAW_INT"]["vel"] == 0xFFFF
    assert (heard["GLOBAL_POSITION_INT"]["vx"], heard["GLOBAL_POSITION_INT"]["vy"]) == (0, 0)
