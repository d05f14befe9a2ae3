"""What is known of the machine over a restart, and what is not taken from a file."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from firmware_bridge.types import ObservationKind
from tests.control.checks.test_room import BASE, CONFIG, observation, step
from tests.runtime.support import JumpingClock
from vehicle.control.checks import room
from vehicle.control.checks_state import Calibration, ChecksState
from vehicle.runtime import kept_checks
from vehicle.runtime.latches import with_checksum

KNOWN = ChecksState(
    depth_bias_m=0.012,
    hammers_missing=2,
    calibration=Calibration(heading_rad=0.011, heading_bound_rad=0.004, bay=(1.0, 2.0, 0.3, 0.0, 0.01)),
    calibration_due=False,
    base_open=True,
    depth_known=True,
    hammers_known=True,
    hammers_struck=True,
    machine_struck=True,
)


def test_results_carry_over_and_what_a_shift_begins_with_does_not() -> None:
    again = kept_checks.restored(kept_checks.encode(KNOWN))
    assert again == msgspec.structs.replace(KNOWN, base_open=False, depth_known=False, hammers_known=False)
    assert kept_checks.restored(None) == ChecksState()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 9}, "of format 9"),
        ({"depth_bias_m": 1e9}, "depth_bias_m is larger"),
        ({"calibration": {"lever_left_m": 1e9}}, "lever_left_m is larger"),
        ({"calibration": {"heading_bound_rad": None}}, "float"),
        ({"calibration": {"belt_scale": 0.0}}, "belt_scale is larger"),
    ],
)
def test_what_no_check_can_find_counts_as_unchecked(change: dict[str, object], told: str, tmp_path: Path) -> None:
    body = msgspec.json.decode(kept_checks.encode(KNOWN).split(b"\n")[0])
    for key, value in change.items():
        body[key] = body[key] | value if isinstance(value, dict) else value
    path = tmp_path / "keys.checks"
    path.write_bytes(with_checksum(msgspec.json.encode(body)))
    state, line = kept_checks.load_checks(path)
    assert state == kept_checks.LOST
    assert told in line
    assert "\n" not in line


def test_a_torn_file_is_told_and_none_is_a_first_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.checks"
    assert kept_checks.load_checks(path) == (ChecksState(), "")
    path.write_bytes(kept_checks.encode(room.all_made())[:-9])
    assert "checksum is wrong" in kept_checks.load_checks(path)[1]


@pytest.mark.parametrize("name", ["base_failed", "depth_failed", "calibration_failed"])
def test_what_failed_withholds_after_a_restart_too(name: str) -> None:
    again = kept_checks.restored(kept_checks.encode(msgspec.structs.replace(room.all_made(), **{name: True})))
    assert getattr(again, name)
    assert step(again)[0].margin.withhold
    assert not step(kept_checks.restored(kept_checks.encode(room.all_made())))[0].margin.withhold


def test_a_file_of_the_first_format_is_read() -> None:
    body = msgspec.json.decode(kept_checks.encode(KNOWN).split(b"\n")[0]) | {"format": 1}
    for name in ("base_failed", "depth_failed", "calibration_failed"):
        del body[name]
    again = kept_checks.restored(with_checksum(msgspec.json.encode(body)))
    assert (again.depth_bias_m, again.hammers_missing, again.depth_failed) == (0.012, 2, False)


def test_a_damaged_file_withholds_until_each_check_was_made(tmp_path: Path) -> None:
    path = tmp_path / "keys.checks"
    path.write_bytes(kept_checks.encode(KNOWN)[:-9])
    state, _ = kept_checks.load_checks(path)
    assert step(state)[0].margin.withhold
    assert kept_checks.restored(kept_checks.encode(state)).depth_failed, "kept again, it is no better"
    hammers = observation(ObservationKind.HAMMER_COUNT, CONFIG.machine.tool.hammer_count)
    state, _ = step(state, hammers)
    assert step(state)[0].margin.withhold
    state, _ = step(state, msgspec.structs.replace(BASE, sequence=2))
    assert (state.hammers_missing, state.base_failed) == (0, False)
    assert step(state)[0].margin.withhold


@pytest.mark.parametrize("seconds", [0, 3])
def test_what_a_start_learned_from_the_journal_is_on_the_disk_after_the_first_second(
    seconds: int, tmp_path: Path
) -> None:
    path, struck = tmp_path / "k.checks", msgspec.structs.replace(ChecksState(), hammers_struck=True)
    clock = JumpingClock(seconds * kept_checks.PERIOD_NS)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(kept_checks.keep(path, clock, lambda: struck, lambda _: None))
    assert kept_checks.load_checks(path)[0].hammers_struck
