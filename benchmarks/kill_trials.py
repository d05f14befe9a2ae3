"""Death in motion, with real processes: `python benchmarks/kill_trials.py --trials N`.

The machine drives by stick with its rotor on; then the vehicle program is killed (-9) or stopped (SIGSTOP), or the
controller is killed. Judged by what the C controller applied, step by step on its own clock:

  kill, stop    from the signal to the first step in which the rotor's drive is off and the belts ramp down (the stop
                set-point), and to all outputs zero with the brakes on
  controller    from the signal to the report in which the vehicle says so to its operator

Afterwards nothing may drive before the operator reset and armed, and a program that was started anew is DISARMED in a
new session. Exit status 1 where a stop took more than 200 ms, or anything drove that should not; `--limit-ms inf`
judges order and state alone, which any machine can, however busy.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import math
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, above_others, bench, until
from benchmarks.trials.real_machine import Outputs
from campaign.sim_operator import Goal
from firmware_bridge.types import VehicleFrame
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_MS
from vehicle.host import realtime

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

LIMIT_MS = 200.0
UNARMED = (Mode.BOOT, Mode.DISARMED)
STOPPED = (Mode.STOPPING, Mode.HOLD, Mode.FAULT, Mode.ESTOP, Mode.DISARMED)


GAP_MAX_MS = 30
"""The controller steps every 10 ms. On a processor of its own, which a machine's has, it is not held up."""


class NotReadyError(Exception):
    """No trial, since this computer is too busy: the machine did not come into motion, or its controller stood still.

    Only a stop that came too late is looked at for the latter: a controller that was held up and still stopped in time
    has passed.
    """


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """`stop_ms`: to the stop set-point (kill, stop) or to the report (controller). `wrong`: what must not be.

    `held_up_ms`: the longest time until then that this computer gave the controller no step.
    """

    kind: str
    stop_ms: float
    rest_ms: float | None = None
    held_up_ms: int = 0
    wrong: str = ""


def drives_on(before: Outputs, after: Outputs) -> bool:
    """This step still drives: the rotor, or a belt that does not ramp down."""
    if after.rotor_radps > 0.0:
        return True
    held = abs(after.left_mps) >= abs(before.left_mps) > 0.0 or abs(after.right_mps) >= abs(before.right_mps) > 0.0
    return held or abs(after.left_mps) > abs(before.left_mps) or abs(after.right_mps) > abs(before.right_mps)


def judged(steps: Sequence[Outputs], signal_ns: int) -> tuple[float, float]:
    """Milliseconds from the signal to the stop set-point and to rest; infinite where they never came.

    The last step that drives counts, so that driving on later is seen too. The controller's milliseconds are cut:
    one is added.
    """
    stop_ms = rest_ms = 0.0
    for before, after in itertools.pairwise(steps):
        age_ms = after.t_ms + 1 - signal_ns / NS_PER_MS
        if age_ms <= 1.0:
            continue
        if drives_on(before, after):
            stop_ms = float("inf")
        elif stop_ms in (0.0, float("inf")):
            stop_ms = age_ms
        if after.driving:
            rest_ms = float("inf")
        elif rest_ms in (0.0, float("inf")):
            rest_ms = age_ms
    return stop_ms, rest_ms


def longest_gap_ms(steps: Sequence[Outputs], signal_ns: int, stop_ms: float) -> int:
    """The longest time between two of the controller's steps from the signal to the stop, by its own clock."""
    first_ms = signal_ns // NS_PER_MS
    last_ms = first_ms + stop_ms + 1
    gaps = (
        after.t_ms - before.t_ms for before, after in itertools.pairwise(steps) if first_ms <= after.t_ms <= last_ms
    )
    return max(gaps, default=0)


async def driven(rig: Bench) -> None:
    """In motion, and the controller's newest step drives.

    Raises:
        NotReadyError: Not in time.
    """
    while True:
        try:
            await rig.in_motion()
        except TimeoutError as late:
            raise NotReadyError(f"{late}; {rig.diagnosis()}") from late
        steps = list(rig.machine.history)[-2:]
        if len(steps) == 2 and drives_on(*steps):
            return


async def stopped(rig: Bench, signal_ns: int, kind: str) -> Trial:
    """Wait for the controller's rest and judge the way there."""
    await until(lambda: not rig.machine.outputs.driving, "outputs at rest")
    steps = list(rig.machine.history)
    stop_ms, rest_ms = judged(steps, signal_ns)
    held_up_ms = longest_gap_ms(steps, signal_ns, stop_ms)
    return Trial(kind=kind, stop_ms=stop_ms, rest_ms=rest_ms, held_up_ms=held_up_ms)


def counts(trial: Trial, limit_ms: float) -> Trial:
    """This trial, where it says anything.

    Raises:
        NotReadyError: Too late, and this computer had not let the controller run.
    """
    if trial.stop_ms > limit_ms and trial.held_up_ms > GAP_MAX_MS:
        raise NotReadyError(f"{trial.stop_ms:.0f} ms, but the controller was not scheduled for {trial.held_up_ms} ms")
    return trial


async def kill(rig: Bench) -> Trial:
    """`kill -9` of the vehicle program, then a new one."""
    await driven(rig)
    session_id = rig.port.session_id
    trial = await stopped(rig, rig.signal_vehicle(signal.SIGKILL), "kill")
    # the operator keeps the stick deflected; the new program must not care
    await until(lambda: rig.machine.plants.flail.rotor_radps < 1.0, "the rotor's run-down")
    mark = rig.machine.outputs.t_ms
    frames = Watcher(rig)
    rig.start_vehicle()
    await rig.heard()
    await until(lambda: bool(frames.seen), "the new program's first report")
    first = frames.end()[0]
    wrong = ""
    if first.session_id == session_id:
        wrong = "the session did not change"
    elif Mode(first.mode) not in UNARMED:
        wrong = f"came up in {Mode(first.mode).name}"
    elif any(step.driving for step in rig.machine.history if step.t_ms >= mark):
        wrong = "drove before it was armed"
    return msgspec.structs.replace(trial, wrong=wrong)


async def stop(rig: Bench) -> Trial:
    """SIGSTOP, and SIGCONT once everything is at rest; the operator held the stick all the time."""
    await driven(rig)
    signal_ns = rig.signal_vehicle(signal.SIGSTOP)
    trial = await stopped(rig, signal_ns, "stop")
    mark = rig.machine.outputs.t_ms
    frames = Watcher(rig)
    rig.signal_vehicle(signal.SIGCONT)
    await until(lambda: rig.mode in STOPPED, "a stop after SIGCONT")
    frames.end()
    drove = any(step.driving for step in rig.machine.history if step.t_ms > mark)
    return msgspec.structs.replace(trial, wrong="drove on after SIGCONT" if drove else "")


async def controller(rig: Bench) -> Trial:
    """`kill -9` of the controller, then a new one on another pty under the same name."""
    await driven(rig)
    signal_ns = CLOCK.now_ns()
    rig.signal_controller()
    await until(lambda: rig.mode in STOPPED and "controller_lost" in rig.reasons, "the report of a lost controller")
    stop_ms = (CLOCK.now_ns() - signal_ns) / NS_PER_MS
    await rig.machine.kill()
    await until(lambda: rig.machine.plants.flail.rotor_radps < 1.0, "the rotor's run-down")
    rig.hands.goal = Goal.REST
    await start_controller(rig)
    # only an agreed handshake releases its kill line
    await until(lambda: rig.machine.outputs.kill_release, "the port to be open again and a new handshake")
    drove = any(step.driving for step in rig.machine.history)
    wrong = "drove without reset and arm" if drove or rig.mode not in STOPPED else ""
    return Trial(kind="controller", stop_ms=stop_ms, wrong=wrong)


class Watcher:
    """Keeps every report from now on."""

    def __init__(self, rig: Bench) -> None:
        self._before = rig.hands.seen
        self._rig = rig
        self.seen: list[VehicleFrame] = []
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        newest = self._before
        while True:
            if self._rig.hands.seen is not newest and self._rig.hands.seen is not None:
                newest = self._rig.hands.seen
                self.seen.append(newest)
            await CLOCK.sleep_until_ns(CLOCK.now_ns() + 2_000_000)

    def end(self) -> list[VehicleFrame]:
        """Stop keeping."""
        self._task.cancel()
        return self.seen


KINDS: dict[str, Callable[[Bench], Awaitable[Trial]]] = {"kill": kill, "stop": stop, "controller": controller}


async def start_controller(rig: Bench) -> None:
    """Power up, above the work of this computer as a controller of its own would be."""
    rig.machine.history.clear()
    await rig.machine.start()
    if rig.machine.process is not None:
        above_others(rig.machine.process.pid, 60)


async def on_one_bench(kind: str, count: int, told: Callable[[Trial], None], limit_ms: float) -> list[Trial]:
    """Trials of one kind, one after another, on a bench of their own.

    A trial that hung after its signal has failed, and the next has a new bench. Where this computer could not hold a
    trial (`NotReadyError`) it is set up anew, at most `count` times, and said so.

    Raises:
        NotReadyError: So often that this computer cannot tell anything.
    """
    trials: list[Trial] = []
    setups = 0
    while len(trials) < count:
        with tempfile.TemporaryDirectory() as folder:
            async with bench(Path(folder)) as rig:
                if rig.machine.process is not None:
                    above_others(rig.machine.process.pid, 60)
                rig.start_vehicle()
                try:
                    while len(trials) < count:
                        trials.append(counts(await KINDS[kind](rig), limit_ms))
                        told(trials[-1])
                except TimeoutError as hung:
                    trials.append(Trial(kind=kind, stop_ms=math.inf, wrong=f"{hung}; {rig.diagnosis()}"))
                    told(trials[-1])
                except NotReadyError as busy:
                    setups += 1
                    sys.stderr.write(f"\nset up anew ({kind}): {busy}\n")
                    if setups > count:
                        raise
    return trials


async def campaign(wanted: dict[str, int], benches: int, told: Callable[[Trial], None], limit_ms: float) -> list[Trial]:
    """Everything, `benches` of each kind beside each other."""
    shares = [
        (kind, count // benches + (number < count % benches))
        for kind, count in wanted.items()
        for number in range(benches)
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(on_one_bench(kind, share, told, limit_ms)) for kind, share in shares if share]
    return [trial for task in tasks for trial in task.result()]


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p99, p100, by nearest rank, in whole tenths."""
    ranked = sorted(values)
    ranks = {"p50": 0.5, "p99": 0.99, "p100": 1.0}
    return {name: round(ranked[max(0, math.ceil(q * len(ranked)) - 1)], 1) for name, q in ranks.items()}


def summary(trials: Sequence[Trial], limit_ms: float = LIMIT_MS) -> dict[str, object]:
    """Figures of each kind."""
    found: dict[str, object] = {}
    for kind in KINDS:
        own = [trial for trial in trials if trial.kind == kind]
        if own:
            rest = [trial.rest_ms for trial in own if trial.rest_ms is not None]
            found[kind] = {
                "trials": len(own),
                "within_limit": sum(trial.stop_ms <= limit_ms for trial in own),
                "stop_ms": quantiles([trial.stop_ms for trial in own]),
                "rest_ms": quantiles(rest) if rest else None,
                "wrong": [trial.wrong for trial in own if trial.wrong],
            }
    return found


def passed(trials: Sequence[Trial], limit_ms: float = LIMIT_MS) -> bool:
    """All stops in time, at all where the limit is infinite, and nothing wrong."""
    return bool(trials) and all(
        math.isfinite(trial.stop_ms) and trial.stop_ms <= limit_ms and not trial.wrong for trial in trials
    )


def line_of(trial: Trial) -> str:
    """With the processor time of this process and all that it waited for, and the computer's load. No stop is `inf`."""
    times = os.times()
    cpu_s = round(times.user + times.system + times.children_user + times.children_system, 3)
    facts = msgspec.to_builtins(trial)
    facts |= {name: str(value) for name, value in facts.items() if isinstance(value, float) and math.isinf(value)}
    return json.dumps({"cpu_s": cpu_s, "load": round(os.getloadavg()[0], 1), "trial": facts})


def main() -> int:
    """Run, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--trials", type=int, default=10, help="of each kind")
    arguments.add_argument("--kill", type=int, help="instead, of this kind")
    arguments.add_argument("--stop", type=int, help="instead, of this kind")
    arguments.add_argument("--controller", type=int, help="instead, of this kind")
    arguments.add_argument("--benches", type=int, default=1, help="benches of each kind beside each other")
    arguments.add_argument("--limit-ms", type=float, default=LIMIT_MS)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--lines", action="store_true", help="each trial as a line of JSON, as soon as it is done")
    chosen = arguments.parse_args()
    wanted = {kind: chosen.trials if getattr(chosen, kind) is None else getattr(chosen, kind) for kind in KINDS}
    build_controller()
    realtime.claim_fifo(10)
    done = 0

    def told(trial: Trial) -> None:
        nonlocal done
        done += 1
        if chosen.lines:
            print(line_of(trial), flush=True)
        sys.stderr.write(f"\r{done}/{sum(wanted.values())} {trial.kind} {trial.stop_ms:.0f} ms {trial.wrong}      ")

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner, contextlib.suppress(KeyboardInterrupt):
        trials = runner.run(campaign(wanted, chosen.benches, told, chosen.limit_ms))
    sys.stderr.write("\n")
    found = summary(trials, chosen.limit_ms)
    if not chosen.lines:
        rows = (f"{kind}: {json.dumps(row)}" for kind, row in found.items())
        print(json.dumps(found) if chosen.json else "\n".join(rows))
    return 0 if passed(trials, chosen.limit_ms) else 1


if __name__ == "__main__":
    sys.exit(main())
