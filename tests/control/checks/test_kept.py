"""What is known of the machine over a restart, and what is not taken from a file."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import ObservationKind
from tests.control.checks.test_room import BASE, CONFIG, observation, step
from tests.runtime.support import JumpingClock
from vehicle.config.vehicle import MachineConfig
from vehicle.control.checks import full_check, room
from vehicle.control.checks_state import Calibration, ChecksState
from vehicle.runtime import kept_checks
from vehicle.runtime.latches import with_checksum

KNOWN = ChecksState(
    depth_bias_m=0.012,
    hammers_missing=2,
    calibration=Calibration(
        heading_rad=0.011,
        heading_bound_rad=0.004,
        bay=(1.0, 2.0, 0.3, 0.0, 0.01),
        profile=full_check.profile_of(CONFIG.machine),
    ),
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
    state, line = kept_checks.load_checks(path, CONFIG.machine)
    assert state == kept_checks.LOST
    assert told in line
    assert "\n" not in line


def test_a_torn_file_is_told_and_none_is_a_first_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.checks"
    assert kept_checks.load_checks(path, CONFIG.machine) == (ChecksState(), "")
    path.write_bytes(kept_checks.encode(room.all_made())[:-9])
    assert "checksum is wrong" in kept_checks.load_checks(path, CONFIG.machine)[1]


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
    state, _ = kept_checks.load_checks(path, CONFIG.machine)
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
    assert kept_checks.load_checks(path, CONFIG.machine)[0].hammers_struck


def profile(**gnss: float) -> MachineConfig:
    """The machine with other figures of its antennas."""
    return CONFIG.machine.model_copy(update={"gnss": CONFIG.machine.gnss.model_copy(update=gnss)})


OTHERS = {
    "antenna_x_m": profile(antenna_x_m=CONFIG.machine.gnss.antenna_x_m + 0.4),
    "antenna_y_m": profile(antenna_y_m=CONFIG.machine.gnss.antenna_y_m + 0.01),
    "antenna_z_m": profile(antenna_z_m=CONFIG.machine.gnss.antenna_z_m - 0.1),
    "heading_offset_deg": profile(heading_offset_deg=CONFIG.machine.gnss.heading_offset_deg + 0.5),
    "ahead_m": CONFIG.machine.model_copy(
        update={"tool": CONFIG.machine.tool.model_copy(update={"ahead_m": CONFIG.machine.tool.ahead_m + 0.2})}
    ),
    "gauge_m": CONFIG.machine.model_copy(
        update={"tracks": CONFIG.machine.tracks.model_copy(update={"gauge_m": CONFIG.machine.tracks.gauge_m - 0.1})}
    ),
}


def loaded(state: ChecksState, machine: MachineConfig, path: Path) -> tuple[ChecksState, str]:
    path.write_bytes(kept_checks.encode(state))
    return kept_checks.load_checks(path, machine)


@pytest.mark.parametrize("figure", OTHERS)
def test_another_figure_in_the_profile_makes_the_full_check_due(figure: str, tmp_path: Path) -> None:
    path = tmp_path / "k.checks"
    kept, line = loaded(KNOWN, CONFIG.machine, path)
    assert (kept.calibration, kept.calibration_due, line) == (KNOWN.calibration, False, "")
    state, line = loaded(KNOWN, OTHERS[figure], path)
    assert (state.calibration, state.calibration_due) == (Calibration(), True)
    assert "full check" in line
    assert step(state)[0].due.check
    again, _ = loaded(state, CONFIG.machine, path)
    assert again.calibration_due, "the old profile does not bring it back"


def test_what_the_full_check_does_not_depend_on_leaves_it(tmp_path: Path) -> None:
    machine = CONFIG.machine.model_copy(update={"notes": "another text"})
    assert not loaded(KNOWN, machine, tmp_path / "k.checks")[0].calibration_due


def test_a_file_that_does_not_say_for_which_profile_is_taken_for_another_one(tmp_path: Path) -> None:
    body = msgspec.json.decode(kept_checks.encode(KNOWN).split(b"\n")[0])
    del body["calibration"]["profile"]
    path = tmp_path / "k.checks"
    path.write_bytes(with_checksum(msgspec.json.encode(body)))
    state, line = kept_checks.load_checks(path, CONFIG.machine)
    assert (state.calibration.bay, state.calibration_due) == (None, True)
    assert "says not with which" in line


@given(
    st.builds(
        Calibration, heading_rad=st.floats(-0.1, 0.1), roll_rad=st.floats(-0.02, 0.02),
        pitch_rad=st.floats(-0.02, 0.02), lever_left_m=st.floats(-0.05, 0.05), heading_bound_rad=st.just(0.005),
        tilt_bound_rad=st.just(0.005), place_bound_m=st.just(0.02),
    )
)  # fmt: skip
def test_nothing_is_credited_where_corrections_that_go_were_more_than_an_unchecked_machine_is_allowed(
    known: Calibration,
) -> None:
    state = full_check.for_profile(room.all_made(known), OTHERS["antenna_x_m"])
    free = Calibration()
    off = (
        (known.heading_rad, known.heading_bound_rad, free.heading_bound_rad),
        (known.roll_rad, known.tilt_bound_rad, free.tilt_bound_rad),
        (known.pitch_rad, known.tilt_bound_rad, free.tilt_bound_rad),
        (known.lever_left_m, known.place_bound_m, free.place_bound_m),
    )
    assert state.calibration_failed is any(abs(found) + bound > allowed for found, bound, allowed in off)
    assert step(state)[0].margin.withhold is state.calibration_failed


def test_a_machine_that_was_never_checked_has_nothing_to_lose() -> None:
    assert full_check.for_profile(ChecksState(), CONFIG.machine) == ChecksState()
