"""The recorder's thread: everything in order, and a disk that is full or slow never reaches the tick."""

import threading
from pathlib import Path

import pytest
from mcap.reader import make_reader

from firmware_bridge.flail_adapter import FlailAdapter
from tests import builders
from vehicle.contracts.messages import Event
from vehicle.contracts.sockets import SourceBatch, TickRecord
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.records import background, reader
from vehicle.records.background import BackgroundRecorder
from vehicle.records.writer import CHUNK_NS, McapRecorder

WAIT_S = 120.0


def record(tick: int) -> TickRecord:
    batch = SourceBatch(name="operator", data=b"operator")
    return builders.tick_record(
        tick, controller_in=b"controller" * 20, batches=(batch,), controller_out=bytes([tick % 251]) * 50
    )


class Held:
    """A recorder on a disk that hangs until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.ticks: list[int] = []
        self.closed = False

    name = "held"
    healthy = True

    def begin(self, state: object, controller: object) -> None:
        raise NotImplementedError

    def accept(self, record: TickRecord) -> None:
        assert self.go.wait(WAIT_S)
        self.ticks.append(record.tick)

    def note(self, event: Event) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def test_everything_is_written_in_order(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    recorder = BackgroundRecorder(McapRecorder(path, {"a": "b"}))
    for tick in range(200):
        recorder.accept(record(tick))
    recorder.close()
    with path.open("rb") as stream:
        times = [message.log_time for _, _, message in make_reader(stream).iter_messages("/tick")]
    assert times == [tick * 20_000_000 for tick in range(200)]
    assert (recorder.dropped, recorder.fault) == (0, "")


def test_a_disk_that_hangs_costs_records_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "BACKLOG_MAX", 30)
    held = Held()
    recorder = BackgroundRecorder(held)
    for tick in range(100):
        recorder.accept(record(tick))
    assert 69 <= recorder.dropped <= 70  # one may be in the thread's hands
    held.go.set()
    recorder.close()
    assert held.ticks == list(range(100 - recorder.dropped))
    assert held.closed


def test_whatever_ends_the_recording_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()

    def failing(*_: object) -> None:
        raise KeyError("no such key")

    monkeypatch.setattr(held, "begin", failing)
    recorder = BackgroundRecorder(held)
    recorder.begin(builders.vehicle_state(), FlailAdapter())
    recorder.close()
    assert not recorder.healthy
    assert "no such key" in recorder.fault


def test_a_full_disk_ends_the_recording_and_nothing_else() -> None:
    recorder = BackgroundRecorder(McapRecorder(Path("/dev/full"), {}))
    noise = bytes(range(256)) * 4
    for tick in range(3_000):
        recorder.accept(builders.tick_record(tick, controller_in=noise, controller_out=noise))
    recorder.close()
    assert "No space left" in recorder.fault
    before = recorder.dropped
    recorder.accept(record(1))
    assert recorder.dropped == before + 1


def test_whoever_is_killed_loses_no_more_than_two_seconds_however_little_happens(tmp_path: Path) -> None:
    """An idle tick is 30 bytes: by size alone a chunk would take half a minute to fill."""
    path = tmp_path / "run.mcap"
    recorder = McapRecorder(path, {})
    for tick in range(1, 1_500):
        recorder.accept(builders.tick_record(tick))
        if tick % 10:
            continue
        found = reader.read(path, ("/tick",))
        newest = found.newest.get("/tick")
        lost_ns = tick * TICK_NS - (newest.t_ns if newest is not None else 0)
        assert lost_ns <= CHUNK_NS < 2 * NS_PER_S
    recorder.close()
    assert reader.read(path, ()).whole


@pytest.mark.long
def test_a_recording_can_be_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    recorder = McapRecorder(path, {})
    for tick in range(1, 160):
        recorder.accept(builders.tick_record(tick))
    recorder.close()
    content, newest_ns = path.read_bytes(), 0
    for cut in range(500, len(content)):
        path.write_bytes(content[:cut])
        found = reader.read(path, ("/tick",)).newest.get("/tick")
        assert (found.t_ns if found is not None else 0) >= newest_ns
        newest_ns = found.t_ns if found is not None else 0
    assert newest_ns == 159 * TICK_NS
