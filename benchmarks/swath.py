"""A swath out and back in real time: `python benchmarks/swath.py --count N`.

`flailpilot drive` as one process, the C controller as another on a pty, plant and operator behind them, as they would
be on a machine. Prints of each run: time from the start order to the end of the job, share of the planned area that
the ledger credited, way out and way back along the first swath by the true pose, stops on the way, and the round trip
from command to applied set-point in the program's own link. Exit status 1 where a run did not do the whole job.
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

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.drive_rig import CLOCK, Bench, bench, build_controller, until, write_site
from benchmarks.kill_trials import STOPPED
from sim.hands import Goal
from vehicle import realtime
from vehicle.messages import Mode

SITE_WIDTH_M, SITE_LENGTH_M = 2.2, 2.5
"""One swath wide and a bit: out, and back beside it."""
WORK, DONE = 3, 8
PATIENCE_S = 240.0
CREDITED_RATIO, OUT_M, BACK_M = 0.98, 2.0, 1.5
RECORDER = '[recorder]\nfolder = "recordings"\n'


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """One mission as it went. `swaths`: worked and planned."""

    time_s: float
    credited_ratio: float
    swaths: tuple[int, int]
    out_m: float
    back_m: float
    stops: int
    round_trip: str = ""

    @property
    def done(self) -> bool:
        """The whole job: every swath, out and back, its ground in the ledger."""
        worked, planned = self.swaths
        return (
            worked == planned and self.credited_ratio >= CREDITED_RATIO and self.out_m > OUT_M and self.back_m > BACK_M
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
    await until(done, f"the end of the mission; {rig.diagnosis()}", PATIENCE_S)
    time_s = (CLOCK.now_ns() - begun_ns) / 1e9
    assert rig.hands.seen is not None
    out = max(range(len(along_m)), key=along_m.__getitem__)
    driven = Drive(
        time_s=time_s,
        credited_ratio=rig.hands.seen.processed_m2 / rig.plan.area_m2,
        swaths=(len(worked), sum(segment.tool_down for segment in rig.plan.segments)),
        out_m=along_m[out],
        back_m=along_m[out] - min(along_m[out:]),
        stops=sum(mode in STOPPED and mode is not Mode.DISARMED for mode in modes[1:]),
    )
    await rig.at_rest()
    await until(lambda: rig.mode not in (Mode.AUTO_MOVE, Mode.AUTO_WORK), "the end of the armed mode")
    return driven


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
        return msgspec.structs.replace(driven, round_trip=said[-1] if said else "")


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
        print(
            f"{number + 1}: {'done' if driven.done else 'NOT DONE'} in {driven.time_s:.1f} s, "
            f"{100 * driven.credited_ratio:.1f} % credited, swaths {driven.swaths[0]} of {driven.swaths[1]}, "
            f"out {driven.out_m:.2f} m, back {driven.back_m:.2f} m, {driven.stops} stops, {driven.round_trip}",
            flush=True,
        )
    print(f"{done} of {chosen.count}")
    return 0 if done == chosen.count else 1


if __name__ == "__main__":
    sys.exit(main())
