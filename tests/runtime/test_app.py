"""The composition root: disarmed, a new session, who talks on the wire, and words for what changes."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import PortError
from tests.builders import DATUM
from tests.firmware_bridge.samples import STATUS
from tests.runtime.support import JumpingClock, config_text, write
from vehicle.config.drive import DriveFile, load_drive
from vehicle.config.vehicle import config_hash
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.runtime import app, controller_port
from vehicle.runtime.operator_wires import next_boot, operator_wires
from vehicle.runtime.wire_watch import Seen, changes

NMEA = b"$GNGGA,123519,4807.038,N,01131.000,E,4,12,0.9,545.4,M,46.9,M,1.0,0001*5B\r\n" * 3


@pytest.fixture
def file(tmp_path: Path) -> DriveFile:
    return load_drive(write(tmp_path, config_text(tmp_path)))


class Wire:
    """A port that brings one chunk a read."""

    name = "wire"

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)
        self.closed = False

    def read(self) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""

    def close(self) -> None:
        self.closed = True


def opened(monkeypatch: pytest.MonkeyPatch, wire: object) -> Any:
    async def open_port(*_: object) -> object:
        if isinstance(wire, Exception):
            raise wire
        return wire

    monkeypatch.setattr(controller_port, "open_port", open_port)
    return asyncio.run(controller_port.open_controller("wire", 115_200, JumpingClock(), app.say))


def test_it_comes_up_disarmed_in_a_new_session(file: DriveFile) -> None:
    states = [app.start_state(file) for _ in range(20)]
    assert {state.gate.mode for state in states} == {Mode.BOOT}
    assert {state.gate.holder for state in states} == {0}
    assert len({state.session_id for state in states}) == 20
    assert all(0 < state.session_id < 1 << 63 for state in states)
    assert all(state.gate.session_id == state.session_id for state in states)
    assert states[0].gate.config_hash == config_hash(file.vehicle)


def test_a_controller_is_known_by_its_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = adapters.encode_status(STATUS, 3)
    wire = Wire(b"noise", frame[:9], frame[9:], NMEA)
    assert opened(monkeypatch, wire) is wire
    assert wire.read() == NMEA  # no longer waited for than needed


def test_another_device_is_told_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(NMEA)
    with pytest.raises(InputError, match="GNSS receiver"):
        opened(monkeypatch, wire)
    assert wire.closed


def test_a_wrong_baud_rate_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="baud rate"):
        opened(monkeypatch, Wire(bytes(range(128, 256)) * 2))


def test_silence_is_no_mistake(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire()
    assert opened(monkeypatch, wire) is wire
    assert "nothing arrives" in capsys.readouterr().err


def test_a_port_that_does_not_open_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="controller /dev/x: permission denied; add your user to the group dialout"):
        opened(monkeypatch, PortError("/dev/x: permission denied; add your user to the group dialout"))


CONNECTED = Seen(agreed=True)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"connected": False, "fault": "wire: lost (EOF)"}, ["lost (EOF)"]),
        ({"restarts": 1}, ["restarted"]),
        ({"agreed": False, "differences": ("protocol: 1 against 2",)}, ["refuses to arm: protocol: 1 against 2"]),
        ({"recorder": "recording ended: no space"}, ["without a recording"]),
        ({}, []),
    ],
)
def test_what_changes_is_told_once(now: dict[str, Any], words: list[str]) -> None:
    after = msgspec.structs.replace(CONNECTED, **now)
    lines = changes(CONNECTED, after, "wire")
    assert len(lines) == len(words)
    assert all(word in line for word, line in zip(words, lines, strict=True))
    assert changes(after, after, "wire") == []


def test_a_return_is_told() -> None:
    away = msgspec.structs.replace(CONNECTED, connected=False, agreed=False)
    assert ["open again" in line or "handshake agreed" in line for line in changes(away, CONNECTED, "wire")] == [
        True
    ] * 2


def test_without_bench_keys_are_needed(tmp_path: Path) -> None:
    file = load_drive(write(tmp_path, config_text(tmp_path).replace("bench = true", "bench = false")))
    with pytest.raises(InputError, match="keys_file: missing"):
        operator_wires(file, app.start_state(file), JumpingClock(), MissionUpload(DATUM))


def test_a_store_without_a_live_key_is_refused(tmp_path: Path) -> None:
    text = 'keys_file = "keys.json"\n' + config_text(tmp_path).replace("bench = true", "bench = false")
    file = load_drive(write(tmp_path, text))
    with pytest.raises(InputError, match="no key in force"):
        operator_wires(file, app.start_state(file), JumpingClock(), MissionUpload(DATUM))
    KeyStore(tmp_path / "keys.json").create("tablet", 7)
    wires = operator_wires(file, app.start_state(file), JumpingClock(), MissionUpload(DATUM))
    assert list(wires.link.verifier.stations) == [7]


def test_every_start_counts(tmp_path: Path) -> None:
    assert [next_boot(tmp_path / "keys.boots") for _ in range(3)] == [1, 2, 3]
