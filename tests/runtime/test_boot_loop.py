"""Starts of the program are counted over five minutes, through crashes, and reach the gate."""

from pathlib import Path

import pytest

from tests.runtime.support import config_text, write
from vehicle.config.drive import load_drive
from vehicle.contracts.errors import InputError
from vehicle.runtime import app
from vehicle.runtime.boot_loop import WINDOW_S, recent_starts

NOW_S = 1.8e9


def with_keys(text: str) -> str:
    return text.replace('vehicle_id = "bench"', 'vehicle_id = "bench"\nkeys_file = "k.json"')


def test_row_75_starts_within_five_minutes_count(tmp_path: Path) -> None:
    path = tmp_path / "keys.starts"
    assert [recent_starts(path, NOW_S + late_s) for late_s in (0.0, 60.0, 120.0, 299.0, 301.0)] == [1, 2, 3, 4, 4]
    assert recent_starts(path, NOW_S + 700.0) == 1, "all of them are long past"


def test_a_clock_that_starts_anew_each_time_counts_rather_too_much(tmp_path: Path) -> None:
    path = tmp_path / "keys.starts"
    assert [recent_starts(path, NOW_S) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert recent_starts(path, NOW_S - WINDOW_S) == 6
    assert recent_starts(path, NOW_S - 2.1 * WINDOW_S) == 1


def test_what_a_crash_left_of_the_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "keys.starts"
    path.write_bytes(f"{NOW_S}\nnan\ninf\n17\xff\n".encode("latin-1"))
    assert recent_starts(path, NOW_S + 1.0) == 2


def test_the_count_reaches_the_gate_where_keys_are_kept(tmp_path: Path) -> None:
    text = config_text(tmp_path)
    bench = load_drive(write(tmp_path, text))
    assert app.counted(bench, app.start_state(bench)).gate.boots_recent == 1
    kept = load_drive(write(tmp_path, with_keys(text)))
    counts = [app.counted(kept, app.start_state(kept)).gate.boots_recent for _ in range(4)]
    assert counts == [1, 2, 3, 4]
    assert (tmp_path / "k.starts").exists()


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    kept = load_drive(write(tmp_path, with_keys(config_text(tmp_path))))
    (tmp_path / "k.starts.new").mkdir()
    with pytest.raises(InputError, match="its folder must be writable"):
        app.counted(kept, app.start_state(kept))
