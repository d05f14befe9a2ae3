"""A swath out and back in real time: vehicle program, C controller on a pty, plant and operator as they would be."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from benchmarks import swath
from benchmarks.controller_build import build_controller
from vehicle.host import realtime

DRIVE = swath.Drive(time_s=94.0, swaths=(2, 2), out_m=3.03, back_m=3.0, stops=0, credited_ratio=0.99, repeats=True)


@pytest.mark.real
@pytest.mark.trials
def test_out_and_back(tmp_path: Path) -> None:
    build_controller()
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        driven = runner.run(swath.one(tmp_path))
    assert driven.done, driven
    assert "p99" in driven.round_trip
    assert driven.credited_ratio <= 1.0


@pytest.mark.parametrize(
    ("short", "done"),
    [
        ({}, True),
        ({"swaths": (1, 2)}, False),
        ({"credited_ratio": 0.97}, False),
        ({"out_m": 1.9}, False),
        ({"back_m": 1.4}, False),
        ({"repeats": False}, False),
    ],
)
def test_half_a_job_is_not_done(short: dict[str, object], done: bool) -> None:
    assert msgspec.structs.replace(DRIVE, **short).done is done
