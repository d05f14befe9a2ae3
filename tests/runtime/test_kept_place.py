"""Where the machine stands over a restart: what is kept, what is written, and what is not taken from a file."""

import asyncio
import math
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from tests.runtime.support import JumpingClock
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Mode
from vehicle.control.estimate_state import EstimateState, HeadingState, PlaceState
from vehicle.control.state import GateState, VehicleState, WireState
from vehicle.host.atomic_file import write_whole
from vehicle.runtime import kept_file, kept_place
from vehicle.runtime.latches import with_checksum

DATUM = builders.DATUM
CONFIG = builders.config()


def state(east_m: float = 3.0, yaw_rad: float = 0.3, belts_mps: float = 0.0, **place: Any) -> VehicleState:
    known = EstimateState(
        ready=True,
        x=(east_m, -2.0, yaw_rad, 0.0, 0.0, 0.0),
        sigmas=(0.01, 0.02, 0.003, 0.03),
        place=PlaceState(**place),
    )
    rolls = builders.status(track_left_mps=belts_mps, track_right_mps=-belts_mps)
    return VehicleState(config=CONFIG, datum=DATUM, wire=WireState(status=rolls), estimate=known)


def kept(of: VehicleState) -> kept_place.KeptPlace:
    found = kept_place.kept_of(of)
    assert found is not None
    return found


flags = st.booleans()
metres = st.floats(-4_000.0, 4_000.0)


@given(metres, metres, st.floats(-math.pi, math.pi), st.floats(0.0, 5.0), flags, flags, flags, flags)
def test_what_is_kept_comes_back(
    east_m: float, north_m: float, yaw_rad: float, gap_m: float, believed: bool, missed: bool, shown: bool, stuck: bool
) -> None:
    at = msgspec.structs.replace(
        state().estimate,
        x=(east_m, north_m, yaw_rad, 0.01, 0.02, 0.03),
        place=PlaceState(believed=believed, missed=missed, shown=shown, stuck=stuck, gap_m=gap_m, offset_m=(0.3, -0.1)),
        heading=HeadingState(believed=not stuck),
    )
    again = kept_place.restored(kept_place.encode(kept(msgspec.structs.replace(state(), estimate=at))), DATUM)
    held = again.held
    assert not again.ready
    assert not again.place.shown, "before the first fix nothing is shown"
    assert held is not None
    assert (held.east_m, held.north_m, held.yaw_rad) == pytest.approx((east_m, north_m, yaw_rad), abs=2e-3)
    assert (held.sigma_m, held.yaw_sigma_rad, held.gap_m) == pytest.approx((0.02, 0.003, gap_m))
    assert held.offset_m == (0.3, -0.1)
    assert (held.believed, held.missed, held.shown) == (believed and not stuck, missed, shown)
    assert held.heading_believed is not stuck


def test_a_machine_in_motion_may_have_gone_on_for_two_seconds() -> None:
    assert kept(state(belts_mps=0.25)).gap_m == pytest.approx(0.5)
    assert kept(state(belts_mps=0.25)).yaw_gap_rad == pytest.approx(1.0 / CONFIG.machine.tracks.gauge_m)
    unknown = kept(state(belts_mps=math.nan))
    tracks = CONFIG.machine.tracks
    assert unknown.gap_m == 2.0 * max(tracks.transit_speed_mps, tracks.reverse_speed_mps)
    assert unknown.yaw_gap_rad == 2.0 * tracks.pivot_rate_radps
    armed = msgspec.structs.replace(state(), gate=GateState(mode=Mode.MANUAL))
    assert kept(armed).gap_m == pytest.approx(min(2.0 * tracks.accel_mps2, unknown.gap_m)), "it may begin to move"
    assert kept(armed).yaw_gap_rad == unknown.yaw_gap_rad
    assert math.isfinite(kept(msgspec.structs.replace(state(), wire=WireState())).gap_m)


def test_the_file_of_another_site_says_nothing_here() -> None:
    content = kept_place.encode(kept(state()))
    far = LocalFrame(DATUM.lat_deg + 1.0, DATUM.lon_deg, DATUM.alt_m)
    assert kept_place.restored(content, far) == kept_place.UNKNOWN
    assert kept_place.restored(None, DATUM) == kept_place.UNKNOWN


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 9}, "of format 9"),
        ({"lat_deg": 91.0}, "no place on the ground"),
        ({"lon_deg": -1e9}, "no place on the ground"),
        ({"yaw_rad": 400.0}, "no place on the ground"),
        ({"sigma_m": -1.0}, "an error that no place has"),
        ({"gap_m": 1e9}, "an error that no place has"),
        ({"offset_m": [0.0, 1e9]}, "an error that no place has"),
        ({"yaw_sigma_rad": None}, "float"),
        ({"believed": 1}, "bool"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_file_that_cannot_be_is_a_doubt(change: dict[str, object], told: str, tmp_path: Path) -> None:
    body = msgspec.json.decode(kept_place.encode(kept(state())).split(b"\n")[0]) | change
    path = tmp_path / "k.place"
    path.write_bytes(with_checksum(msgspec.json.encode(body)))
    found, line = kept_place.load_place(path, DATUM)
    assert found == kept_place.LOST
    assert told in line
    assert "\n" not in line
    assert "daily check" in line


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]\n0\n"])
def test_a_torn_file_is_a_doubt_and_none_is_a_first_start(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "k.place"
    assert kept_place.load_place(path, DATUM) == (kept_place.UNKNOWN, "")
    assert kept_place.load_place(None, DATUM) == (kept_place.UNKNOWN, "")
    path.write_bytes(content)
    assert kept_place.load_place(path, DATUM)[0] == kept_place.LOST
    path.write_bytes(with_checksum(content.split(b"\n")[0]))
    assert kept_place.load_place(path, DATUM)[0] == kept_place.LOST
    path.write_bytes(kept_place.encode(kept(state()))[:-3])
    assert kept_place.load_place(path, DATUM)[0] == kept_place.LOST


@pytest.mark.parametrize(
    ("changed", "written"),
    [
        (state(3.001), False),
        (state(3.01), True),
        (state(yaw_rad=0.301), False),
        (state(yaw_rad=0.31), True),
        (state(believed=False), True),
        (state(missed=True), True),
        (state(shown=False), True),
        (state(offset_m=(0.0, 0.02)), True),
        (state(gap_m=0.02), True),
        (state(belts_mps=0.1), True),
    ],
)
def test_what_is_worth_a_writing(changed: VehicleState, written: bool) -> None:
    assert kept_place.differs(kept(changed), kept(state()), DATUM) is written
    assert kept_place.differs(kept(state()), kept(changed), DATUM) is written
    assert kept_place.differs(kept(changed), None, DATUM)


def keeping(path: Path, states: list[VehicleState], monkeypatch: pytest.MonkeyPatch, full: bool = False) -> list[str]:
    """A period for each state; what was told, and "written" for each writing outside the loop that ticks."""
    seen: list[str] = []

    def counted(to: Path, content: bytes) -> None:
        try:
            asyncio.get_running_loop()
            seen.append("at the end")
        except RuntimeError:
            seen.append("written")
        if full:
            raise OSError(28, os.strerror(28))
        write_whole(to, content)

    clock = JumpingClock((len(states) - 1) * kept_place.PERIOD_NS)
    monkeypatch.setattr(kept_file, "write_whole", counted)

    def now() -> VehicleState:
        return states[min(clock.t_ns // kept_place.PERIOD_NS, len(states) - 1)]

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(kept_place.keep(path, clock, now, seen.append))
    return seen


def test_a_machine_at_rest_writes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "k.place"
    states = [state(), state(3.001), state(3.002), state(9.0), state(9.001)]
    assert keeping(path, states, monkeypatch) == ["written", "written", "at the end"]
    held = kept_place.load_place(path, DATUM)[0].held
    assert held is not None
    assert held.east_m == pytest.approx(9.001, abs=2e-3)
    assert list(tmp_path.iterdir()) == [path]


def test_before_the_first_fix_the_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "k.place"
    assert keeping(path, [VehicleState(config=CONFIG, datum=DATUM)] * 3, monkeypatch) == []
    assert not path.exists()


def test_a_full_disk_is_told_once_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = keeping(tmp_path / "k.place", [state()] * 5, monkeypatch, full=True)
    (line,) = (word for word in seen if word not in ("written", "at the end"))
    assert "no space left" in line
    assert "forget the place" in line
    assert seen.count("written") >= 5
