"""Page and server mean the same bytes: what the page's codec makes is what the server's reads."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.server.drive_frames import (
    ACT_NAMES,
    PageAck,
    PageAct,
    PageReading,
    PageStop,
    Verdict,
    decoded,
    encoded_echo,
    encoded_tick,
)
from firmware_bridge.types import ToolMode
from tests import needs

pytestmark = [pytest.mark.real]

READING = PageReading(
    number=7, page_ms=12.5, source=2, hold=True, drive=0.5, turn=-1.0, rotor_request=True, tool_mode=ToolMode.DEPTH,
    tool_value_m=0.15, vehicle_tick=9, battery=0.75, tilt_rad=-0.04, video_age_ms=120, picture=True, focused=True,
)  # fmt: skip
DOWN = (encoded_tick(4_000_000_000), encoded_echo(READING, Verdict.TOO_OLD, 90, 3))


@pytest.fixture(scope="module")
def frames() -> dict[str, Any]:
    """What the page makes, as bytes in hexadecimal."""
    ran = subprocess.run(
        [needs.program("node"), str(Path(__file__).parent / "frames.mjs"), *(made.hex() for made in DOWN)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_reading_that_holds(frames: dict[str, Any]) -> None:
    """Each field, each with its unit."""
    assert decoded(bytes.fromhex(frames["holding"])) == READING


def test_a_neutral_reading_with_all_unknown(frames: dict[str, Any]) -> None:
    """Unknown stays unknown."""
    reading = decoded(bytes.fromhex(frames["neutral"]))
    assert isinstance(reading, PageReading)
    flags = (reading.hold, reading.rotor_request, reading.focused, reading.picture)
    assert flags == (False, False, False, False)
    assert (reading.battery, reading.tilt_rad, reading.video_age_ms) == (None, None, None)


def test_acts_stops_and_acknowledgements(frames: dict[str, Any]) -> None:
    """By name: a number that means another act at the other end is the worst of errors."""
    found = {name: decoded(bytes.fromhex(made)) for name, made in frames["acts"].items()}
    numbers = {name: act for act, name in ACT_NAMES.items()}
    assert found == {name: PageAct(numbers[name], 300, 1.5, 77) for name in numbers}
    assert decoded(bytes.fromhex(frames["stop"])) == PageStop(engine_off=False, number=9)
    assert decoded(bytes.fromhex(frames["engine_off"])) == PageStop(engine_off=True, number=10)
    assert decoded(bytes.fromhex(frames["ack"])) == PageAck(5)


def test_what_comes_down_is_read_as_it_is_meant(frames: dict[str, Any]) -> None:
    """The tick alone, and the echo of a reading; neither is taken for the other."""
    tick, echo = frames["told"]
    assert tick == {"echo": None, "tick": 4_000_000_000}
    assert echo["tick"] is None
    assert echo["echo"] == {
        "verdict": "too_old", "reading_no": 7, "page_time": 12.5, "vehicle_tick": 90, "sequence": 3,
    }  # fmt: skip
