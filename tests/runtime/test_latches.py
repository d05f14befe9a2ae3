"""What a stop left to be done is kept beside the keys, read at the next start, and asked for when it was damaged."""

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import bench_of, until, write_config
from benchmarks.ports import free_port
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.config.test_task import STATED
from tests.runtime.support import JumpingClock, config_text, write
from tests.runtime.test_boot_loop import with_keys
from vehicle.config.drive import load_drive
from vehicle.contracts.messages import Mode
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.safety.masks import mask
from vehicle.control.state import GateState
from vehicle.host import realtime
from vehicle.operator_link.keystore import KeyStore
from vehicle.runtime import app, latches

FIRE = GateState(mode=Mode.ESTOP, latched=mask(StopReason.FIRE), shown=mask(StopReason.FIRE), reset_due=True)
PRESSED = GateState(mode=Mode.ESTOP, estop_latched=True, shown=mask(StopReason.ESTOP_CONSOLE), reset_due=True)
EVERY_BIT = (1 << len(RULES)) - 1


@given(st.integers(0, EVERY_BIT), st.integers(0, EVERY_BIT), st.booleans(), st.booleans(), st.booleans())
def test_all_that_waits_for_an_act_outlives_the_process(
    latched: int, shown: int, estop_latched: bool, reset_due: bool, start_barred: bool
) -> None:
    gate = GateState(
        latched=latched, shown=shown, estop_latched=estop_latched, reset_due=reset_due, start_barred=start_barred
    )
    held = msgspec.structs.replace(gate, mode=Mode.HOLD, holder=3, neutral_seen=True, set_mps=(0.3, 0.3))
    assert repr(latches.restored(GateState(), latches.encode(held))) == repr(gate), "and nothing that moves it"


@pytest.mark.parametrize("mode", list(Mode))
def test_row_84_a_program_that_ended_in_a_mode_that_drives_owes_a_reset_and_says_why(mode: Mode) -> None:
    driving = mode in (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT, Mode.RECOVERY)
    after = latches.restored(GateState(), latches.encode(GateState(mode=mode)))
    assert after.reset_due is driving
    assert after.shown == (mask(StopReason.RESTARTED_IN_MOTION) if driving else 0)
    assert after.mode is Mode.BOOT
    again = latches.restored(GateState(), latches.encode(after))
    assert repr(again) == repr(after), "and so until the reset"


def test_latches_of_the_version_before_are_read(tmp_path: Path) -> None:
    path = tmp_path / "k.latches"
    path.write_bytes(latches.with_checksum(b'{"latched":["fire"],"shown":[],"estop_latched":false,"reset_due":true}'))
    gate, line = latches.load_latches(GateState(), path)
    assert (gate.latched, gate.reset_due, line) == (mask(StopReason.FIRE), True, "")
    assert gate.start_barred, "what it held latched bars an engine start"
    body = b'{"format":2,"latched":["engine_stall"],"shown":[],"estop_latched":false,"reset_due":true}'
    path.write_bytes(latches.with_checksum(body))
    assert not latches.load_latches(GateState(), path)[0].start_barred
    path.write_bytes(b"damaged")
    assert latches.load_latches(GateState(), path)[0].start_barred


def test_what_was_never_kept_leaves_nothing(tmp_path: Path) -> None:
    gate, line = latches.load_latches(GateState(), tmp_path / "k.latches")
    assert (repr(gate), line) == (repr(GateState()), "")


@given(st.binary(max_size=400))
def test_whatever_else_a_file_holds_is_no_set_of_latches(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each says something of its own)
        latches.restored(GateState(), content)


@pytest.mark.parametrize("gate", [FIRE, PRESSED, GateState()])
@pytest.mark.parametrize("keep", [0, 1, 0.5, 0.9, -1])
def test_a_torn_or_changed_file_wants_to_be_acknowledged(tmp_path: Path, gate: GateState, keep: float) -> None:
    path = tmp_path / "k.latches"
    whole = latches.encode(gate)
    torn = whole[: int(keep * len(whole))] if 0 <= keep < 1 else whole.replace(b"e", b"a", 1)
    path.write_bytes(torn)
    found, line = latches.load_latches(GateState(), path)
    assert found.latched == mask(StopReason.BOOT_LOOP)
    assert found.reset_due
    assert line.startswith(f"{path}: ")
    assert line.endswith("look by camera, then ACKNOWLEDGE, RESET")
    assert "\n" not in line


def test_a_reason_of_another_version_counts_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "k.latches"
    path.write_bytes(latches.with_checksum(b'{"latched":["flood"]}'))
    found, line = latches.load_latches(GateState(), path)
    assert found.latched
    assert "flood" in line


def test_a_file_that_may_not_be_read_counts_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "k.latches"
    path.mkdir()
    found, line = latches.load_latches(GateState(), path)
    assert found.latched
    assert "is a directory" in line


def test_the_program_starts_with_them_where_keys_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = config_text(tmp_path)
    (tmp_path / "k.latches").write_bytes(latches.encode(FIRE))
    bench = load_drive(write(tmp_path, text))
    assert app.latch_file(bench) is None
    assert app.remembered(bench, app.start_state(bench)).gate.latched == 0
    held = load_drive(write(tmp_path, with_keys(text)))
    assert app.latch_file(held) == tmp_path / "k.latches"
    assert app.remembered(held, app.start_state(held)).gate.latched == FIRE.latched
    assert capsys.readouterr().err == "flailpilot: an earlier stop is still in force: fire\n"
    (tmp_path / "k.latches").write_bytes(b"")
    assert app.remembered(held, app.start_state(held)).gate.reset_due
    assert "ACKNOWLEDGE" in capsys.readouterr().err


def test_a_task_that_works_in_shifts_is_asked_for_its_acts_from_the_first_tick(tmp_path: Path) -> None:
    text = with_keys(config_text(tmp_path))
    (tmp_path / "task.toml").write_text(STATED)
    for task, used in ((None, False), (tmp_path / "task.toml", True)):
        file = load_drive(write(tmp_path, text), task)
        assert app.remembered(file, app.start_state(file)).checks.shift == ShiftState(used=used)


class Turning:
    """A gate that is another from some moment on."""

    def __init__(self) -> None:
        self.gate = GateState()
        self.t_ns = self.writes = 0

    def at(self, t_ns: int) -> None:
        self.t_ns = t_ns
        self.gate = FIRE if t_ns >= 1_000_000_000 else GateState()


def keeping(path: Path, turning: Turning, monkeypatch: pytest.MonkeyPatch, refuse: bool = False) -> list[str]:
    told: list[str] = []
    write_file, loops = latches.write, []

    def counted(to: Path, content: bytes) -> None:
        turning.writes += 1
        try:
            asyncio.get_running_loop()
            loops.append(True)
        except RuntimeError:
            pass
        if refuse:
            raise OSError(28, os.strerror(28))
        write_file(to, content)

    monkeypatch.setattr(latches, "write", counted)
    clock = JumpingClock(2_000_000_000, turning.at)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(latches.keep(path, clock, lambda: turning.gate, told.append))
    assert len(loops) <= refuse, "never in the loop that ticks, but for the last try when it has ended"
    return told


def test_only_what_changed_is_written_and_never_in_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, turning = tmp_path / "k.latches", Turning()
    assert keeping(path, turning, monkeypatch) == []
    assert turning.writes == 2
    assert latches.load_latches(GateState(), path)[0].latched == FIRE.latched
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_once_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turning = Turning()
    (line,) = keeping(tmp_path / "k.latches", turning, monkeypatch, refuse=True)
    assert "no space left" in line
    assert turning.writes > 10


@pytest.mark.real
def test_a_program_killed_in_estop_comes_up_in_estop_until_it_is_released(tmp_path: Path) -> None:
    build_controller()
    store = KeyStore(tmp_path / "k.json")
    store.create("console", 9)
    path = write_config(tmp_path, udp_port=free_port())
    path.write_text(with_keys(path.read_text()))

    async def main() -> None:
        async with bench_of(tmp_path, load_drive(path)) as rig:
            rig.start_vehicle()
            await rig.heard()
            rig.hands.goal = Goal.STAND
            await until(lambda: rig.mode is Mode.MANUAL, "MANUAL")
            rig.hands.goal, rig.hands.pressed = Goal.REST, OperatorEdge.ESTOP
            await until(lambda: b"estop_console" in _content(tmp_path), "the latch on the disk")
            rig.hands.pressed = OperatorEdge.NONE
            rig.signal_vehicle(signal.SIGKILL)
            rig.hands.seen = None
            rig.start_vehicle()
            await rig.heard()
            rig.hands.forgets, rig.hands.goal = OperatorEdge.RELEASE_ESTOP, Goal.STAND
            rounds = rig.hands._round
            await until(lambda: rig.hands._round > rounds + 4, "some rounds of TAKE, RESET, ARM")
            assert rig.mode is Mode.ESTOP, rig.diagnosis()
            assert "estop_console" in rig.reasons
            rig.hands.forgets = OperatorEdge.NONE
            await until(lambda: rig.mode is Mode.MANUAL, "MANUAL after the release")

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        runner.run(main())


def _content(folder: Path) -> bytes:
    path = folder / "k.latches"
    return path.read_bytes() if path.exists() else b""
