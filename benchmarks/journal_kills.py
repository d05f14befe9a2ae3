"""`kill -9` of `flailpilot drive` at random moments of a mission: `python benchmarks/journal_kills.py --trials N`.

Real processes on real ports: the vehicle program, the C controller on a pty, the plant behind it, an operator who wants
the mission done whatever happens. After each kill the files are judged, the program is started again, and the mission
goes on:

  lost        age at the kill of the oldest stroke that the journal lacks, of all in the recording, fed to the tick
              again, and beyond its end of what the vehicle told by radio
  recording   how much of the run is missing at its end
  subset      every stroke of the journal is, bit for bit, one that the program made
  restart     comes up disarmed, in a new session, with exactly the credit of the journal

Results are kept line by line in `--out`; killed anywhere, the same command goes on. Exit status 1 where something is
lost that must not be, or anything moved before it was armed.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from mcap.exceptions import EndOfFile
from mcap.records import Channel, Message
from mcap.stream_reader import StreamReader

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, bench, until, write_config, write_site
from benchmarks.kill_trials import UNARMED, Watcher
from benchmarks.ports import free_port
from campaign.sim_operator import Goal
from vehicle.config.drive import load_drive
from vehicle.contracts.ledger_types import LedgerStroke
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S
from vehicle.control.tick import tick
from vehicle.host import realtime
from vehicle.planning.files.export import write_plan_files
from vehicle.records import journal, reader, recorded_tick
from vehicle.records.recorded_tick import RecordedTick
from vehicle.records.start import state_of
from vehicle.runtime.own_site import own_site, planned_at_once
from vehicle.runtime.recorded_inputs import RecordedInputs

SITE_WIDTH_M, SITE_LENGTH_M = 4.0, 8.0
RECORDER = '[recorder]\nfolder = "recordings"\n'
FIRST_S, LAST_S = 0.3, 40.0
"""From the program's first report to the kill: from before it is armed to far into a swath."""
JOURNAL_S, RECORDING_S = 0.5, 2.0
REPORT_M2 = 0.4
"""More than is worked between two reports, and the stroke under way."""
SAME_M2 = 1e-3
DONE = 8


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One kill. `lost_s`, `recording_s`: what is missing before it; `wrong`: what must not be."""

    after_s: float
    mode: str
    phase: int
    strokes: int
    processed_m2: float
    lost_s: float
    recording_s: float
    wrong: str = ""

    @property
    def passed(self) -> bool:
        """Nothing lost but the last moments, and nothing wrong."""
        return self.lost_s <= JOURNAL_S and self.recording_s <= RECORDING_S and not self.wrong


class Seen(msgspec.Struct, frozen=True):
    """A report by radio."""

    t_ns: int
    processed_m2: float


def ticks_of(recording: Path) -> list[RecordedTick]:
    """All that can be read of a recording that nobody finished."""
    found: list[RecordedTick] = []
    topics: dict[int, str] = {}
    with recording.open("rb") as stream, contextlib.suppress(EndOfFile):
        for record in StreamReader(stream, emit_chunks=False).records:
            if isinstance(record, Channel):
                topics[record.id] = record.topic
            elif isinstance(record, Message) and topics[record.channel_id] == "/tick":
                found.append(recorded_tick.decoded(record.data))
    return found


def strokes_again(recording: Path, ticks: list[RecordedTick]) -> tuple[int, dict[int, tuple[int, LedgerStroke]]]:
    """Number of the newest stroke at the start; number -> (time of its tick, stroke) of the ticks fed again."""
    state, inputs = state_of(reader.read(recording, ()).attachments), RecordedInputs()
    number = before = state.ledger.stroke.number if state.ledger.stroke is not None else 0
    found: dict[int, tuple[int, LedgerStroke]] = {}
    for row in ticks:
        state, _ = tick(state, inputs.of(row), row.t_ns)
        stroke = state.ledger.stroke
        if stroke is not None and stroke.number != number:
            number = stroke.number
            found[number] = (row.t_ns, stroke)
    return before, found


def judged(rig: Bench, kill_ns: int, told: list[Seen], after_s: float) -> Trial:
    """What the files hold after a kill."""
    recordings = rig.folder / "recordings"
    recording = max(recordings.glob("*/run.mcap"), key=lambda path: path.stat().st_mtime_ns)
    ticks = ticks_of(recording)
    (path,) = recordings.glob("ledgers/*/ledger.journal")
    found = journal.read(path)
    kept = {row.number: row for row in found.records if isinstance(row, LedgerStroke)}
    before, again = strokes_again(recording, ticks)
    restored_m2 = journal.rebuilt(found).credited_m2
    ends_ns = ticks[-1].t_ns if ticks else 0
    missing = [t_ns for number, (t_ns, _) in again.items() if number not in kept]
    missing += [row.t_ns for row in told if row.processed_m2 > restored_m2 + SAME_M2]
    wrong = ""
    strange = [number for number, (_, stroke) in again.items() if number in kept and kept[number] != stroke]
    early = [number for number in kept if number > before and number not in again and kept[number].t_ns <= ends_ns]
    if strange or early:
        wrong = f"strokes {(strange + early)[:5]} of the journal are none that the program made"
    elif told and restored_m2 > told[-1].processed_m2 + REPORT_M2:
        wrong = f"{restored_m2:.2f} m2 in the journal, {told[-1].processed_m2:.2f} m2 were told"
    seen = rig.hands.seen
    return Trial(
        after_s=round(after_s, 2),
        mode=rig.mode.name,
        # one that was killed as its job was done is seldom heard to say so
        phase=DONE if found.job is not None and found.job.done else seen.phase if seen is not None else 0,
        strokes=len(kept),
        processed_m2=round(restored_m2, 3),
        lost_s=round((kill_ns - min(missing)) / NS_PER_S, 3) if missing else 0.0,
        recording_s=round((kill_ns - ends_ns) / NS_PER_S, 3) if ends_ns else after_s,
        wrong=wrong,
    )


async def killed(rig: Bench, after_s: float) -> tuple[int, list[Seen]]:
    """Kill so long after now; the moment, and what was told until then."""
    told: list[Seen] = []
    until_ns, newest = CLOCK.now_ns() + round(after_s * NS_PER_S), rig.hands.seen
    while (now_ns := CLOCK.now_ns()) < until_ns:
        if rig.hands.seen is not newest and rig.hands.seen is not None:
            newest = rig.hands.seen
            told.append(Seen(now_ns, newest.processed_m2))
        await CLOCK.sleep_until_ns(min(until_ns, now_ns + 5_000_000))
    return rig.signal_vehicle(signal.SIGKILL), told


async def restarted(rig: Bench, trial: Trial, session_id: int) -> Trial:
    """A new program on the same files: what it says of itself before anybody armed it."""
    await until(lambda: not rig.machine.outputs.driving, "outputs at rest")
    mark = rig.machine.outputs.t_ms
    frames = Watcher(rig)
    rig.start_vehicle()
    await rig.heard()
    await until(lambda: any(seen.session_id != session_id for seen in frames.seen), "a report of a new session")
    first = next(seen for seen in frames.end() if seen.session_id != session_id)
    wrong = trial.wrong
    if Mode(first.mode) not in UNARMED:
        wrong = wrong or f"came up in {Mode(first.mode).name}"
    elif abs(first.processed_m2 - trial.processed_m2) > SAME_M2 * 2:
        wrong = wrong or f"came up with {first.processed_m2:.3f} m2 instead of {trial.processed_m2:.3f}"
    elif any(step.driving for step in rig.machine.history if step.t_ms > mark):
        wrong = wrong or "drove before it was armed"
    return msgspec.structs.replace(trial, wrong=wrong)


def planned(folder: Path, place: str) -> str:
    """The site's table with a plan that is made already: a start has not to wait for one."""
    file = load_drive(write_config(folder, udp_port=free_port(), place=place))
    own = own_site(file)
    assert own is not None
    (folder / "plan").mkdir()
    write_plan_files(planned_at_once(own, file.vehicle), own.place, folder / "plan")
    return f'{place}plan = "plan"\n'


async def job(draw: random.Random, count: int, told: Callable[[Trial], None]) -> int:
    """Kills on one bench, until its job is done or so many were made; how many."""
    with tempfile.TemporaryDirectory() as folder:
        place = planned(Path(folder), write_site(Path(folder), SITE_WIDTH_M, SITE_LENGTH_M))
        async with bench(Path(folder), place=place, extra=RECORDER) as rig:
            rig.start_vehicle()
            await rig.heard()
            rig.hands.goal = Goal.MISSION
            for number in range(count):
                after_s = draw.uniform(FIRST_S, LAST_S)
                kill_ns, seen = await killed(rig, after_s)
                session_id = rig.port.session_id
                trial = await asyncio.to_thread(judged, rig, kill_ns, seen, after_s)
                told(await restarted(rig, trial, session_id))
                if trial.phase == DONE:  # what follows would stand far from the plan's beginning, and work nothing
                    return number + 1
    return count


def kept_lines(path: Path) -> list[Trial]:
    """What earlier runs of this command left."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Trial) for line in path.read_bytes().splitlines() if line.endswith(b"}")]


def summary(trials: list[Trial]) -> str:
    """One line for people."""
    worst_s = max((trial.lost_s for trial in trials), default=0.0)
    short_s = max((trial.recording_s for trial in trials), default=0.0)
    passed = sum(trial.passed for trial in trials)
    modes = {mode: sum(trial.mode == mode for trial in trials) for mode in sorted({trial.mode for trial in trials})}
    return (
        f"{passed} of {len(trials)} passed; worst: {worst_s:.3f} s of journal (limit {JOURNAL_S:g}), "
        f"{short_s:.3f} s of recording (limit {RECORDING_S:g}); killed in {json.dumps(modes)}"
    )


def main() -> int:
    """Run what is missing, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--trials", type=int, default=200, help="in all, those of earlier runs included")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=Path, default=Path("runs/journal-kills.jsonl"))
    chosen = arguments.parse_args()
    trials = kept_lines(chosen.out)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    build_controller()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started here is ended here

    def told(trial: Trial) -> None:
        trials.append(trial)
        with chosen.out.open("ab") as lines:
            lines.write(msgspec.json.encode(trial) + b"\n")
        sys.stderr.write(f"{len(trials)}/{chosen.trials} {trial}\n")

    with contextlib.suppress(KeyboardInterrupt):
        while (left := chosen.trials - len(trials)) > 0:
            with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
                runner.run(job(random.Random(f"{chosen.seed}-{len(trials)}"), left, told))
    print(summary(trials))
    return 0 if len(trials) >= chosen.trials and all(trial.passed for trial in trials) else 1


if __name__ == "__main__":
    sys.exit(main())
