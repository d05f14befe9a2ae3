"""What may be an accident is noticed in its tick, marked, and sealed beside the vehicle program, which ticks on."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, STATION_ID, bench, until
from firmware_bridge.mavlink import adapters
from sim.checker import note
from tests.builders import tick_record, vehicle_state
from tests.runtime.support import JumpingClock
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import Event
from vehicle.contracts.sockets import TickRecord
from vehicle.control.state import LedgerState
from vehicle.runtime.incident_watch import APART_S, MARK, IncidentWatch, Sealed, marked_in, reason_of

ROLLED = Event(t_ns=0, tick=1, kind="reason", text="reason: roll_over")


def told(kind: str, text: str = "", value: float = 0.0) -> Observed:
    return Observed(
        kind=kind, value=value, sigma=None, place_m=None, by="A", text=text, station_id=40, t_ns=0, utc_us=None
    )


def tick(number: int, *acts: Observed, events: tuple[Event, ...] = ()) -> TickRecord:
    """The tick in which the newest of `acts` came."""
    known = msgspec.structs.replace(vehicle_state(), ledger=LedgerState(acts=acts, act_count=len(acts)))
    return tick_record(number, state=known, events=events)


class Seal:
    """Notes what it is asked, and says whether it succeeds."""

    def __init__(self, *, done: bool = True, each: Callable[[], None] = lambda: None) -> None:
        self.asked: list[tuple[Path, str]] = []
        self._done, self._each = done, each

    async def __call__(self, folder: Path, why: str) -> Sealed:
        self.asked.append((folder, why))
        self._each()
        return Sealed(self._done, "sealed: 3 files" if self._done else "not sealed: the disk is full")


def run(watch: IncidentWatch, seal: Seal, clock: JumpingClock | None = None) -> list[str]:
    lines: list[str] = []

    async def main() -> None:
        watching = watch.run(clock or JumpingClock(), seal, lambda: "2026-05-04T08:00:00Z", lines.append)
        task = asyncio.create_task(watching)
        while len(lines) < 2:
            await asyncio.to_thread(lambda: None)
        task.cancel()

    asyncio.run(main())
    return lines


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (told("detonation_class", value=3.0), "a heavy detonation, told by A"),
        (told("detonation_class", value=2.0), ""),
        (told("shock", value=2.0), "a large shock of the tool"),
        (told("shock", value=1.0), ""),
        (told("note", "Person in the ring, north"), "Person in the ring, north, told by A"),
        (told("note", "soil is wet"), ""),
        (told("note", "the accident report is due"), ""),
        (told("shift_not_done", "ring person in it"), "ring person in it, told by A"),
        (told("shift_not_done", "ring sentry is late"), ""),
        (told("note", "incident\nx | y"), "incident?x | y, told by A"),
    ],
)
def test_words_of_people_are_looked_at_once(act: Observed, words: str, tmp_path: Path) -> None:
    watch, seal = IncidentWatch(tmp_path, 5.0), Seal()
    watch.accept(tick(1))
    watch.accept(tick(2, act))
    watch.accept(tick(3, act))
    if words:
        run(watch, seal)
    assert seal.asked == ([(tmp_path, words)] if words else [])


def test_what_the_journal_held_before_the_start_is_no_news(tmp_path: Path) -> None:
    watch = IncidentWatch(tmp_path, 5.0)
    watch.accept(tick(1, told("note", "person in the ring")))
    assert not watch._waiting


def test_a_roll_over_is_marked_at_once_and_sealed_when_the_recording_holds_what_came_after(tmp_path: Path) -> None:
    watch, seal, clock = IncidentWatch(tmp_path, 30.0), Seal(), JumpingClock()
    watch.accept(tick(1, events=(ROLLED,)))
    lines = run(watch, seal, clock)
    assert clock.t_ns == 30_000_000_000
    assert lines == [
        "incident: rolled over; its record is sealed in 30 s, nothing is deleted",
        "incident: sealed: 3 files",
    ]
    mark = json.loads((tmp_path / MARK).read_text())
    assert mark == {"reason": "rolled over", "utc": "2026-05-04T08:00:00Z"}
    assert reason_of(tmp_path) == mark["reason"], "the rest of a run that goes on is sealed after its end"


def test_a_mark_waits_for_no_sealing_of_an_earlier_run(tmp_path: Path) -> None:
    """A program that ends meanwhile had left an incident without a mark, which no start and no end ever sealed."""
    earlier, this = tmp_path / "a", tmp_path / "b"
    earlier.mkdir()
    this.mkdir()
    watch = IncidentWatch(this, 60.0, ((earlier, "rolled over"),))

    class Endless(Seal):
        async def __call__(self, folder: Path, why: str) -> Sealed:
            self.asked.append((folder, why))
            watch.accept(tick(1, events=(ROLLED,)))
            await asyncio.Event().wait()
            raise AssertionError

    async def main() -> None:
        task = asyncio.create_task(watch.run(JumpingClock(), Endless(), lambda: "", lambda _: None))
        async with asyncio.timeout(60.0):
            while not reason_of(this):
                await asyncio.to_thread(lambda: None)
        task.cancel()

    asyncio.run(main())
    assert reason_of(this) == "rolled over"


def test_one_incident_is_sealed_once(tmp_path: Path) -> None:
    watch = IncidentWatch(tmp_path, 0.0)
    again = round(APART_S * 50.0)
    for number in (1, 2, again, again + 2):
        watch.accept(tick(number, events=(ROLLED,)))
    assert len(watch._waiting) == 2


@pytest.mark.parametrize("done", [True, False])
def test_a_run_that_was_left_unsealed_is_sealed_after_the_next_start(tmp_path: Path, *, done: bool) -> None:
    runs = tmp_path / "runs"
    (runs / "a").mkdir(parents=True)
    (runs / "b").mkdir()
    (runs / "a" / MARK).write_bytes(b"damaged")
    left = marked_in(runs)
    assert left == ((runs / "a", "marked as an incident, the reason cannot be read"),)
    seal = Seal(done=done)
    lines = run(IncidentWatch(runs / "b", 0.0, left), seal)
    assert seal.asked == list(left)
    assert (runs / "a" / MARK).exists() is not done
    assert lines[-1].startswith("incident: sealed" if done else "incident: not sealed")


def test_nothing_is_sealed_where_nothing_is_recorded() -> None:
    watch = IncidentWatch(None, 0.0)
    watch.accept(tick(1, events=(ROLLED,)))
    assert not watch._waiting


@pytest.mark.real
def test_drive_ticks_on_while_a_person_in_the_ring_has_its_run_sealed(tmp_path: Path) -> None:
    build_controller()
    extra = '[recorder]\nfolder = "runs"\nfree_min_mb = 1\n\n[incident]\nafter_s = 0\n'

    async def main() -> None:
        async with bench(tmp_path, extra=extra) as rig:
            rig.start_vehicle()
            await rig.heard()
            station, told_ns = rig.hands.station, [0]
            seen = msgspec.structs.replace(
                note("person in the ring"), session_id=station.session_id, sequence=1, station_id=STATION_ID
            )

            def sealed() -> bool:
                now_ns = CLOCK.now_ns()
                if now_ns - told_ns[0] > 300_000_000:
                    told_ns[0] = now_ns
                    rig.port.write(adapters.encode_observation(seen))
                return bool(list((tmp_path / "runs").glob("incident-*/custody.txt")))

            before = station.echo_tick
            await until(sealed, "a sealed run")
            await until(lambda: "incident: sealed: " in rig.log.read_text(), "the line that says so")
            await until(lambda: station.echo_tick > before + 50, "ticks")

    asyncio.run(main())
    (folder,) = (tmp_path / "runs").glob("incident-*")
    custody = (folder / "custody.txt").read_text()
    assert "vehicle program | sealed" in custody
    assert "person in the ring, told by team leader" in custody
    assert (folder / "run" / "run.mcap").stat().st_size > 1_000
    assert len(list((tmp_path / "runs").glob(f"*/{MARK}"))) == 1, "the rest is sealed after the end"
