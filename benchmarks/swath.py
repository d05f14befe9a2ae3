"""A swath out and back in real time: `python benchmarks/swath.py --count N`.

`flailpilot drive` as one process, the C controller as another on a pty, plant and operator behind them, as they would
be on a machine. Prints of each run:

  time          from the start order to the end of the job
  credited      share of the work area that the record claims, and the ground beside it that was treated as well (the
                tool is as wide as it is, and runs in and out)
  commands      whether the recording, fed to the tick again, gives the same commands byte for byte
  out, back     along the first swath, by the true pose
  round trip    from command to applied set-point, in the program's own link

Exit status 1 where a run did not do the whole job.
"""

import argparse
import asyncio
import math
import re
import signal
import sys
import tempfile
from pathlib import Path

import msgspec
from mcap.reader import make_reader

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, bench, until, write_site
from benchmarks.kill_trials import STOPPED
from campaign.sim_operator import Goal
from vehicle.config.drive import DriveFile
from vehicle.contracts.messages import Mode
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick
from vehicle.host import realtime
from vehicle.planning.site.site import load_site
from vehicle.records import reader as recordings
from vehicle.records import recorded_tick
from vehicle.records.start import CONTROLLER, state_of
from vehicle.reports import gaps
from vehicle.runtime.recorded_inputs import RecordedInputs, adapter_of

SITE_WIDTH_M, SITE_LENGTH_M = 2.2, 2.5
"""One swath wide and a bit: out, and back beside it."""
WORK, DONE = 3, 8
PATIENCE_S = 240.0
CREDITED_RATIO, OUT_M, BACK_M = 0.98, 2.0, 1.5
RECORDER = '[recorder]\nfolder = "recordings"\n'


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """One mission as it went.

    `swaths`: worked and planned; `credited_ratio`: of the work area; `beside_m2`: credited outside it; `repeats`: the
    recording gives the same commands again.
    """

    time_s: float
    swaths: tuple[int, int]
    out_m: float
    back_m: float
    stops: int
    round_trip: str = ""
    credited_ratio: float = 0.0
    beside_m2: float = 0.0
    repeats: bool = False

    @property
    def done(self) -> bool:
        """The whole job: every swath, out and back, its ground in the ledger."""
        worked, planned = self.swaths
        there_and_back = self.out_m > OUT_M and self.back_m > BACK_M
        return worked == planned and there_and_back and self.credited_ratio >= CREDITED_RATIO and self.repeats

    def __str__(self) -> str:
        worked, planned = self.swaths
        return (
            f"{'done' if self.done else 'NOT DONE'} in {self.time_s:.1f} s, {worked} of {planned} swaths, "
            f"{100.0 * self.credited_ratio:.2f} % of the work area credited and {self.beside_m2:.2f} m2 beside it, "
            f"commands {'repeat' if self.repeats else 'DO NOT REPEAT'}, "
            f"out {self.out_m:.2f} m, back {self.back_m:.2f} m, {self.stops} stops, {self.round_trip}"
        )


async def drive_mission(rig: Bench) -> Drive:
    """Start the mission as the operator, follow it by the true pose to its end, come to rest."""
    assert rig.plan is not None
    first, tracks = rig.plan.segments[0], rig.machine.plants.tracks
    (east_m, north_m), yaw_rad = first.points_m[0], first.yaw_start_rad
    worked: set[int] = set()
    along_m, modes, begun_ns = [0.0], [rig.mode], CLOCK.now_ns()

    def done() -> bool:
        seen = rig.hands.seen
        assert seen is not None
        if seen.phase == WORK:
            worked.add(seen.segment_seq)
        if rig.mode is not modes[-1]:
            modes.append(rig.mode)
        along_m.append((tracks.east_m - east_m) * math.cos(yaw_rad) + (tracks.north_m - north_m) * math.sin(yaw_rad))
        return seen.phase == DONE

    rig.hands.goal = Goal.MISSION
    await until(done, lambda: f"the end of the mission; {rig.diagnosis()}", PATIENCE_S)
    time_s = (CLOCK.now_ns() - begun_ns) / 1e9
    out = max(range(len(along_m)), key=along_m.__getitem__)
    driven = Drive(
        time_s=time_s,
        swaths=(len(worked), sum(segment.tool_down for segment in rig.plan.segments)),
        out_m=along_m[out],
        back_m=along_m[out] - min(along_m[out:]),
        stops=sum(mode in STOPPED and mode is not Mode.DISARMED for mode in modes[1:]),
    )
    await rig.at_rest()
    await until(lambda: rig.mode not in (Mode.AUTO_MOVE, Mode.AUTO_WORK), "the end of the armed mode")
    return driven


def again(recording: Path) -> tuple[VehicleState, bool]:
    """The state after the recording was fed to the tick again, and whether every command came out as recorded."""
    with recording.open("rb") as stream:
        reader = make_reader(stream)
        rows = [recorded_tick.decoded(row.data) for _, _, row in reader.iter_messages("/tick")]
    kept = recordings.read(recording, ()).attachments
    state, heard, same = state_of(kept), RecordedInputs(adapter_of(kept[CONTROLLER].decode())), bool(rows)
    for row in rows:
        inputs = heard.of(row)
        state, outputs = tick(state, inputs, row.t_ns)
        same &= b"".join(heard.adapter.encode(outputs.command, row.t_ns)) == row.controller_out
    return state, same


def proven(driven: Drive, file: DriveFile, recording: Path) -> Drive:
    """With what the record of the run proves."""
    assert file.config.site is not None
    state, same = again(recording)
    assert state.mission.plan is not None
    site = load_site(file.beside(file.config.site.file), file.config.site.outside)
    found = gaps.find(site.work_area, site.keep_out, state.mission.plan, state.ledger, file.vehicle)
    return msgspec.structs.replace(
        driven,
        credited_ratio=found.processed_m2 / found.area_m2,
        beside_m2=state.ledger.credited_m2 - found.processed_m2,
        repeats=same,
    )


async def one(folder: Path) -> Drive:
    """A bench of its own."""
    async with bench(folder, place=write_site(folder, SITE_WIDTH_M, SITE_LENGTH_M), extra=RECORDER) as rig:
        rig.start_vehicle()
        await rig.heard()
        driven = await drive_mission(rig)
        assert rig.vehicle is not None
        rig.signal_vehicle(signal.SIGTERM)
        await until(lambda: rig.vehicle is None or rig.vehicle.poll() is not None, "the end of the program")
        said = re.findall(r"round trip.*", rig.log.read_text())
        driven = msgspec.structs.replace(driven, round_trip=said[-1] if said else "")
    (recording,) = (folder / "recordings").glob("*.mcap")
    return proven(driven, rig.file, recording)


def main() -> int:
    """Run, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=1)
    chosen = arguments.parse_args()
    build_controller()
    realtime.claim_fifo(10)
    done = 0
    for number in range(chosen.count):
        with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=realtime.new_loop) as runner:
            driven = runner.run(one(Path(folder)))
        done += driven.done
        print(f"{number + 1}: {driven}", flush=True)
    print(f"{done} of {chosen.count}")
    return 0 if done == chosen.count else 1


if __name__ == "__main__":
    sys.exit(main())
