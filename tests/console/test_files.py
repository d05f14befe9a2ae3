"""Files of the vehicle, read and written by our console: whole or not at all, on any radio, and only when it may be."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.client.files import Download, Transfer, Upload
from console.client.ground_mirror import RECORD, LedgerCopy, tiles_of
from firmware_bridge.types import OperatorEdge
from sim.radio import RadioParams
from tests.builders import vehicle_state
from tests.console.rig import ConsoleRig
from tests.operator_link.exchange import gate_report, report
from vehicle.contracts.messages import Mode
from vehicle.operator_link.files import CHUNK, FileService, checksum
from vehicle.operator_link.staging import CHECKING, SIZE_MAX, STAGE, PlanStage, Staged, refusal
from vehicle.operator_link.vehicle_view import VehicleView

MS = 1_000_000


class Taker:
    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.staged = Staged()

    def take(self, data: bytes) -> None:
        self.data.append(data)
        self.staged = Staged(state=CHECKING)


def talk(transfer: Transfer, service: FileService, draw: random.Random, loss: float, cut_ms: int = 0) -> None:
    """Until it is over; in the middle of it the radio may be gone for a while."""
    now_ns, answers = 0, [(0, b"")][:0]
    while not transfer.finished:
        now_ns += 20 * MS
        assert now_ns < 4_000_000 * MS
        cut = cut_ms and 500 * MS < now_ns < (500 + cut_ms) * MS
        for question in transfer.due(now_ns):
            if not cut and draw.random() >= loss:
                answers += [(now_ns + draw.randrange(60) * MS, one) for one in service.handle(question, now_ns)]
        arrived = sorted(one for one in answers if one[0] <= now_ns)
        answers = [one for one in answers if one[0] > now_ns]
        for _, answer in arrived:
            if not cut and draw.random() >= loss:
                transfer.heard(answer, now_ns)


@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.sampled_from([0, 1, CHUNK, CHUNK * 4, 9_001]),
    st.sampled_from([0, 12_000]),
)
def test_a_file_comes_whole(seed: int, loss: float, size: int, cut_ms: int) -> None:
    draw = random.Random(seed)
    content = draw.randbytes(size)
    transfer = Download("@LEDGER/masks.z", seed)
    talk(transfer, FileService(lambda path: content if path == "@LEDGER/masks.z" else None), draw, loss, cut_ms)
    assert transfer.content == content


def test_a_file_that_changes_meanwhile_comes_as_it_was_or_as_it_is() -> None:
    draw, versions = random.Random(4), [bytes([n]) * 5_000 for n in range(40)]
    transfer = Download("@PLAN/site.z", 3)
    talk(transfer, FileService(lambda _: versions.pop(0)), draw, 0.3, 12_000)
    assert transfer.content is not None
    assert len(set(transfer.content)) == 1


def test_a_file_that_is_not_there_is_asked_for_a_few_times() -> None:
    transfer = Download("@LEDGER/other", 1)
    talk(transfer, FileService(lambda _: None), random.Random(1), 0.0)
    assert transfer.failed == "@LEDGER/other: the vehicle has no such file"


def test_without_an_answer_it_ends() -> None:
    transfer = Download("@LEDGER/masks.z", 1)
    talk(transfer, FileService(lambda _: None), random.Random(1), 1.0)
    assert transfer.failed.endswith("no answer")


@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.sampled_from([1, CHUNK, 9_001]),
    st.sampled_from([0, 12_000]),
)
def test_a_file_is_written_whole_and_once(seed: int, loss: float, size: int, cut_ms: int) -> None:
    draw, taker = random.Random(seed), Taker()
    data = draw.randbytes(size)
    transfer = Upload(STAGE, seed, data)
    talk(transfer, FileService(lambda _: None, PlanStage(lambda: taker, lambda: "")), draw, loss, cut_ms)
    if transfer.content == data:
        assert set(taker.data) == {data}
    else:  # the last word was lost, and nobody can say so
        assert transfer.failed


def test_nothing_is_written_that_may_not_be() -> None:
    def refused(path: str, taker: Taker | None, why: str) -> None:
        transfer = Upload(path, 1, b"x")
        talk(transfer, FileService(lambda _: b"", PlanStage(lambda: taker, lambda: why)), random.Random(1), 0.0)
        assert transfer.failed
        assert taker is None or taker.data == []

    refused(STAGE, Taker(), "armed")
    refused("@PARAM/param.pck", Taker(), "")
    refused(STAGE, None, "")


def test_a_machine_that_is_armed_meanwhile_takes_nothing() -> None:
    taker, said = Taker(), [""]
    stage = PlanStage(lambda: taker, lambda: said[0])
    assert stage.begin(STAGE)
    assert stage.write(0, b"abc")
    said[0] = "only while disarmed"
    stage.finish()
    assert taker.data == []


def test_what_is_too_long_is_refused() -> None:
    stage = PlanStage(Taker, lambda: "")
    assert stage.begin(STAGE)
    assert not stage.write(SIZE_MAX, b"x")


@pytest.mark.parametrize("mode", list(Mode))
def test_a_plan_is_taken_at_rest_only_and_not_past_who_holds_control(mode: Mode) -> None:
    state = vehicle_state()
    view = VehicleView(datum=state.datum, report=report(gate_report(mode, (), 7)))
    assert (refusal(view, 7) == "") == (mode is Mode.DISARMED)
    assert refusal(view, 8)


def test_checksums_are_those_of_the_protocol() -> None:
    """CRC-32 of the check string, beginning at zero and not inverted."""
    assert checksum(b"123456789") == 0x2DFD2D88


# --- on the air ------------------------------------------------------------------------------------------------------
@pytest.mark.long
def test_the_record_is_fetched_on_a_bad_radio_while_the_machine_works_and_stays_the_same() -> None:
    rig = ConsoleRig().manual()
    rig.hold()
    rig.run(0.5)
    rig.taken(OperatorEdge.MISSION_START)
    rig.let_go()
    assert rig.until((Mode.AUTO_WORK,), 40.0)
    copy, protocol = LedgerCopy(), rig.page.protocol
    rig.down.params = RadioParams(delay_s=0.01, loss_ratio=0.1, burst_frames=1.0)
    asked = ""

    def step() -> None:
        nonlocal asked
        rig.step()
        for told in protocol.strokes:
            copy.heard(told)
        protocol.strokes.clear()
        transfer = protocol.transfer
        if transfer is not None and transfer.finished:
            copy.fetched(asked, transfer.content)
            protocol.transfer = None
        if copy.missing and protocol.transfer is None:
            asked = copy.missing
            protocol.transfer = Download(asked, rig.ticks)

    for _ in range(1_500):
        step()
    protocol.stop(rig.now_ns)
    rig.down.params = RadioParams(delay_s=0.01)
    for _ in range(300):
        step()
    assert copy.complete
    assert dict(tiles_of(copy.ledger)) == dict(tiles_of(rig.state.ledger))
    assert copy.stroke == rig.state.ledger.stroke.number > 20
    assert asked in (RECORD, asked)
