"""Telemetry of a simulated run goes out at wall-clock rates; nothing that changes is kept back."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from flailpilot.wall_rate import AtWallRate
from tests.telemetry.samples import event, report
from vehicle.contracts.messages import Event, Mode, VehicleReport
from vehicle.telemetry.payloads import state_key


class Told:
    def __init__(self) -> None:
        self.reports: list[VehicleReport] = []
        self.events: list[Event] = []

    def offer(self, report: VehicleReport) -> None:
        self.reports.append(report)

    def event(self, event: Event) -> None:
        self.events.append(event)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def in_mode(number: int, mode: Mode, segment_seq: int = 1) -> VehicleReport:
    base = report(number)
    gate = msgspec.structs.replace(base.gate, mode=mode)
    return msgspec.structs.replace(base, gate=gate, segment_seq=segment_seq)


def test_of_what_goes_on_one_report_a_period_passes() -> None:
    told, clock = Told(), Clock()
    sink = AtWallRate(told, clock, 0.1)
    for number in range(100):
        clock.now_s = number / 64.0
        sink.offer(in_mode(number, Mode.AUTO_WORK))
    assert told.reports == [in_mode(number, Mode.AUTO_WORK) for number in range(0, 100, 7)]


def test_the_last_report_is_told_at_the_end_and_once() -> None:
    told = Told()
    sink = AtWallRate(told, Clock(), 0.1)
    for number in range(5):
        sink.offer(in_mode(number, Mode.AUTO_WORK))
    sink.close()
    sink.close()
    assert told.reports == [in_mode(0, Mode.AUTO_WORK), in_mode(4, Mode.AUTO_WORK)]


def test_an_event_passes_at_once() -> None:
    told = Told()
    AtWallRate(told, Clock(), 0.1).event(event(3))
    assert len(told.events) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from((Mode.HOLD, Mode.MANUAL, Mode.AUTO_WORK)), st.integers(1, 2), st.sampled_from((0, 1)))
    )
)
def test_no_change_is_kept_back(steps: list[tuple[Mode, int, int]]) -> None:
    told, clock = Told(), Clock()
    sink = AtWallRate(told, clock, 4.0)
    offered = [in_mode(number, mode, segment_seq) for number, (mode, segment_seq, _) in enumerate(steps)]
    for one, (_, _, gone_s) in zip(offered, steps, strict=True):
        clock.now_s += gone_s
        sink.offer(one)
    sink.close()

    def changes(reports: list[VehicleReport]) -> list[object]:
        keys = [(state_key(one), one.segment_seq) for one in reports]
        return [key for at, key in enumerate(keys) if at == 0 or keys[at - 1] != key]

    assert changes(told.reports) == changes(offered)
    assert told.reports[-1:] == offered[-1:]
