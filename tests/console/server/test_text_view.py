"""The terminal's page: what is not known is said so, and a lost link never looks live."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from console.client.protocol import Credentials
from console.client.view import ConsoleView, LinkState
from console.server.board import Board
from console.server.desk import Desk, Steered
from console.server.settings import VehicleSettings
from console.server.setup import SetupStore
from console.server.text_view import page
from firmware_bridge.console_types import WorkFlag, WorkFrame
from firmware_bridge.types import FixType
from sim.virtual_time import VirtualClock, run_virtual
from tests.console.server.support import FakeLink, frame, settings
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.stop_codes import StopReason


def shown(view: ConsoleView, folder: Path, said: str = "", problem: str = "", **changes: Any) -> str:
    async def run(clock: VirtualClock) -> str:
        held = Credentials(system_id=250)
        vehicle = VehicleSettings(id="a", name="MEMATT 1", host="192.0.2.1", port=14555, credentials=held)
        link = FakeLink(view)
        link.problem = link.problem_kind = problem
        desk = Desk((Steered(vehicle, link, clock),), clock)  # type: ignore[arg-type]
        board = Board(desk, settings(folder, **changes), SetupStore(folder), clock)
        out = io.StringIO()
        Console(file=out, width=110).print(page(board.sections(""), said))
        return out.getvalue()

    return str(run_virtual(run))


def test_nothing_heard(tmp_path: Path) -> None:
    text = shown(ConsoleView(), tmp_path)
    assert "NO LINK" in text
    assert "MEMATT 1" in text
    assert "link searching, never heard" in text
    assert "SPACE stops the vehicle" in text
    assert "SIMULATION" not in text
    assert "0.0" not in text


def test_why_nothing_is_heard_is_said_with_the_next_step(tmp_path: Path) -> None:
    refused = " ".join(shown(ConsoleView(), tmp_path, problem="refused").replace("│", " ").split())
    assert "no vehicle program listens at this port. Start the vehicle's program" in refused
    wrong = " ".join(shown(ConsoleView(state=LinkState.WRONG_KEY), tmp_path).replace("│", " ").split())
    assert "flailpilot keys create" in wrong


def test_a_stop_with_its_reasons_worst_first(tmp_path: Path) -> None:
    bits = 1 << StopReason.OPERATOR_STOP | 1 << StopReason.SLOPE
    stopped = frame(mode=Mode.HOLD, reasons=bits, worst_reason=StopReason.OPERATOR_STOP, lease_holder=250)
    view = ConsoleView(state=LinkState.OPEN, session=True, age_ms=40.0, vehicle=stopped)
    text = shown(view, tmp_path, "STOP sent", simulation=True)
    assert "HOLD" in text
    assert "NO LINK" not in text
    assert "Stopped by an operator. RESET, ARM." in text
    assert "Too steep." in text
    assert "this console" in text
    assert "STOP sent" in text
    assert "SIMULATION" in text


@pytest.mark.parametrize(("age_ms", "live"), [(499.0, True), (501.0, False)])
def test_what_is_old_does_not_look_live(age_ms: float, live: bool, tmp_path: Path) -> None:
    view = ConsoleView(state=LinkState.OPEN, age_ms=age_ms, vehicle=frame(mode=Mode.MANUAL))
    text = shown(view, tmp_path)
    assert ("NO LINK; last seen: MANUAL" in text) is not live


def test_a_wait_says_how_long_until_it_stops(tmp_path: Path) -> None:
    waiting = frame(mode=Mode.WAIT, worst_reason=StopReason.POSITION_FLOAT, reasons=1 << StopReason.POSITION_FLOAT)
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255, arm_unused_left_s=13.2)
    view = ConsoleView(state=LinkState.OPEN, session=True, age_ms=40.0, vehicle=waiting, work=work)
    told = shown(view, tmp_path)
    assert "WAIT: Mission, waiting" in told
    assert re.search(r"stops in\s+13.2 s", told)
    assert "attention in" not in told
    assert "Position not RTK fixed" in told


def test_what_comes_next_and_what_is_near_in_words(tmp_path: Path) -> None:
    phase = tuple(MissionPhase).index(MissionPhase.WORK)
    working = frame(mode=Mode.AUTO_WORK, phase=phase, segment_seq=0, segment_count=2, along_m=3.5)
    work = WorkFrame(
        tick=100, flags=WorkFlag.KEEP_OUT_AHEAD, cap_reason=255, segment_length_m=12.0, keep_out_distance_m=7.8
    )
    text = shown(ConsoleView(state=LinkState.OPEN, age_ms=40.0, vehicle=working, work=work), tmp_path)
    assert "raises the tool in 8.5 m" in text
    assert "7.8 m ahead" in text
    assert "1 of 2" in text
    unknown = shown(ConsoleView(state=LinkState.OPEN, age_ms=40.0, vehicle=frame(mode=Mode.MANUAL)), tmp_path)
    assert "raises" not in unknown


def test_what_is_processed_is_not_for_feet_and_the_fix_is_named(tmp_path: Path) -> None:
    working = frame(mode=Mode.AUTO_WORK, processed_m2=12.5)
    work = WorkFrame(tick=100, flags=WorkFlag(0), cap_reason=255, fix=FixType.RTK_FLOAT)
    text = shown(ConsoleView(state=LinkState.OPEN, age_ms=40.0, vehicle=working, work=work), tmp_path)
    assert re.search(r"processed\s+12.5 m2: not for feet", text)
    assert re.search(r"position to\s+.*, RTK float", text)
    unknown = shown(ConsoleView(state=LinkState.OPEN, age_ms=40.0, vehicle=frame(mode=Mode.MANUAL)), tmp_path)
    assert re.search(r"position to\s+.*, unknown", unknown)


@pytest.mark.parametrize(
    ("ratio", "left_min", "words"),
    [(None, None, "unknown"), (0.55, None, "55 %"), (0.55, 132, "55 %, 132 min"), (0.2, 20, "20 %, 20 min, LOW")],
)
def test_the_fuel_in_words(ratio: float | None, left_min: int | None, words: str, tmp_path: Path) -> None:
    work = WorkFrame(tick=100, flags=WorkFlag(0), cap_reason=255, fuel_ratio=ratio, fuel_time_min=left_min)
    view = ConsoleView(state=LinkState.OPEN, session=True, age_ms=40.0, vehicle=frame(), work=work)
    line = next(line for line in shown(view, tmp_path).splitlines() if "fuel" in line)
    assert re.search(rf"fuel\s+{words}\s+parking in\s+unknown", line), line


def test_a_late_report_says_so_at_each_of_its_figures(tmp_path: Path) -> None:
    """While beats still come, so that the link itself is live."""
    working = frame(mode=Mode.AUTO_WORK, segment_seq=0, segment_count=2)
    work = WorkFrame(
        tick=100, flags=WorkFlag.KEEP_OUT_AHEAD, cap_reason=255, segment_length_m=12.0, keep_out_distance_m=7.8
    )
    view = ConsoleView(state=LinkState.OPEN, age_ms=40.0, vehicle=working, work=work)
    assert "late" not in shown(view, tmp_path)
    late = shown(replace(view, vehicle_age_ms=900.0, work_age_ms=2000.0), tmp_path)
    assert "NO LINK" not in late
    assert "7.8 m ahead, late" in late
    assert "1 of 2, late" in late
    for name in ("speed", "depth", "position to"):
        line = next(line for line in late.splitlines() if name in line)
        assert "late" in line or "unknown" in line
