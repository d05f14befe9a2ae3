"""Stop-latency trials: drive in a random mode, let a random link fail at a random moment, with or without the process.

Latency counts from the creation of the last operator's frame that the vehicle took as valid to the end of the tick in
which the controller is no longer told to move: the start of its ramp. Standstill is counted apart, as a way.
"""

import math
from collections import deque
from collections.abc import Callable

import msgspec
import numpy as np

from benchmarks.trials import link_traces
from benchmarks.trials.link_traces import Trace
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from sim.noise import generator
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S, TICK_S

SCENES = ("manual", "fast", "rotor", "work", "move", "retreat")
SHAPES = (
    "radio_loss", "uplink_dead", "downlink_dead", "radio_latency", "radio_spike", "radio_flapping", "radio_narrow",
    "radio_corrupt", "radio_loss_burst", "radio_reorder", "link_switch", "console_dead", "console_frozen",
    "stick_broken", "trace",
)  # fmt: skip
LATENCY_MAX_MS, DEATH_MAX_MS = 500.0, 200.0
KILLED_SHARE = 0.4
SHAPE_S = 4.0
"""A shape that has not stopped the machine by then is followed by a total loss."""
STANDSTILL_S = 8.0
MEMORY_TICKS = 200
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """`death_ms` is None where the process lived; `speed_mps` is that of the belts' set-point when the link failed."""

    seed: int
    scene: str
    mode: str
    shape: str
    latency_ms: float
    death_ms: float | None
    speed_mps: float
    slope_deg: float
    distance_m: float
    bound_m: float
    breaches: tuple[str, ...]


def run_trial(seed: int, traces: dict[str, Trace]) -> Trial:
    """One trial; the seed decides everything."""
    draw = generator(seed, "trial")
    scene = SCENES[int(draw.integers(len(SCENES)))]
    slope_deg = float(draw.uniform(0.0, 15.0))
    drill = _driving(scene, seed, slope_deg, draw)
    shape = SHAPES[int(draw.integers(len(SHAPES) if traces else len(SHAPES) - 1))]
    kill_tick = int(draw.integers(0, 30)) if draw.random() < KILLED_SHARE else -1
    mode, speed_mps = drill.mode.name, drill.watch.setpoint_mps
    run = _Run(drill, kill_tick)
    strike = _strike(drill, shape, draw, traces)
    for tick in range(round(SHAPE_S / TICK_S)):
        if strike is not None:
            strike()
        if run.step(tick):
            break
    else:
        drill.radio.up.cut = drill.radio.down.cut = True
        while not run.step(-1):
            if run.ticks * TICK_S > SHAPE_S + 2.0:
                break
    return run.result(seed, scene, mode, shape, speed_mps, slope_deg)


class _Run:
    """Steps a drill to the end of its set-point and on to standstill, remembering where it was."""

    def __init__(self, drill: FaultScenario, kill_tick: int) -> None:
        self._drill, self._kill_tick = drill, kill_tick
        self.ticks = 0
        self._died_ns: int | None = None
        self._way_m = 0.0
        self._here = drill.world.tracks.east_m, drill.world.tracks.north_m
        self._ways: deque[tuple[int, float]] = deque(maxlen=MEMORY_TICKS)
        self._calm = 0

    def step(self, tick: int) -> bool:
        """One tick; True once the set-point has been zero for half a second."""
        drill = self._drill
        if tick == self._kill_tick >= 0:
            drill.process.dead, self._died_ns = True, drill.now_ns
        drill.step()
        self.ticks += 1
        tracks = drill.world.tracks
        self._way_m += math.dist(self._here, (tracks.east_m, tracks.north_m))
        self._here = tracks.east_m, tracks.north_m
        self._ways.append((drill.now_ns, self._way_m))
        self._calm = self._calm + 1 if drill.watch.setpoint_mps < 1e-6 else 0
        gone = drill.process.dead or drill.mode not in DRIVING
        return gone and self._calm >= 25

    def result(self, seed: int, scene: str, mode: str, shape: str, speed_mps: float, slope_deg: float) -> Trial:
        """Run on to standstill and sum up."""
        drill, watch = self._drill, self._drill.watch
        created_ns, stopped_ns = watch.stop_created_ns, watch.stopped_ns
        latency_ms = watch.latency_ms
        from_m = next((way for t_ns, way in self._ways if t_ns >= created_ns), self._way_m)
        for _ in range(round(STANDSTILL_S / TICK_S)):
            if drill.world.tracks.standing:
                break
            self.step(-1)
        tracks = drill.parts.config.machine.tracks
        # v t + v^2 / 2a, and the belts' own lag behind their set-point
        bound_m = speed_mps * (latency_ms / 1e3 + 0.15) + speed_mps**2 / (2.0 * tracks.decel_mps2)
        died_ns = self._died_ns
        return Trial(
            seed=seed,
            scene=scene,
            mode=mode,
            shape=shape,
            latency_ms=latency_ms,
            death_ms=max(0.0, (stopped_ns - died_ns) * 1e3 / NS_PER_S) if died_ns is not None else None,
            speed_mps=speed_mps,
            slope_deg=slope_deg,
            distance_m=self._way_m - from_m,
            bound_m=bound_m,
            breaches=tuple(f"{breach.name}: {breach.text}" for breach in watch.finish()),
        )


def _driving(scene: str, seed: int, slope_deg: float, draw: np.random.Generator) -> FaultScenario:
    """A drill that drives in the scene's way, at a random phase of everything."""
    short = scene == "fast"
    settings = FaultScenarioSettings(
        seed=seed,
        slope_deg=slope_deg,
        slope_bearing_deg=float(draw.uniform(0.0, 359.0)),
        delay_ms=float(draw.uniform(3.0, 8.0 if short else 40.0)),
        jitter_ms=float(draw.uniform(0.0, 1.0 if short else 5.0)),
    )
    drill = FaultScenario(settings)
    if scene == "manual":
        drill.drive(Goal.MANUAL, float(draw.uniform(0.1, 0.26)), float(draw.uniform(-0.1, 0.1)))
    elif scene == "fast":
        drill.drive(Goal.MANUAL, float(draw.uniform(0.4, 1.0)), float(draw.uniform(-0.3, 0.3)))
    elif scene == "rotor":
        drill.hands.rotor = True
        drill.drive(Goal.MANUAL, float(draw.uniform(0.3, 1.0)), 0.0)
    elif scene == "retreat":
        # back the way it came: forward there is no driven track
        drill.drive(Goal.RETREAT, float(draw.choice([-1.0, -0.6, -0.3])), 0.0)
    else:
        drill.drive(Goal.MISSION)
        _into_swath(drill)
        if scene == "move":
            _backing_off(drill)
    for _ in range(1500):
        if drill.watch.setpoint_mps > 0.02 and drill.mode in DRIVING:
            break
        drill.step()
    else:
        raise RuntimeError(f"seed {seed}, {scene}: it never moved, so that nothing could stop: {drill.mode.name}")
    return drill.run(float(draw.uniform(0.1, 1.0)))


def _into_swath(drill: FaultScenario) -> None:
    drill.until((Mode.AUTO_WORK,), 25.0)
    for _ in range(750):
        drill.step()
        if drill.watch.setpoint_mps > 0.05:
            break
    drill.run(5.0)


def _backing_off(drill: FaultScenario) -> None:
    """Break the swath and go on: the mission backs off first, tool up, in AUTO_MOVE."""
    FAULTS["stop_pressed"].inject(drill, 1.0)
    drill.run(0.3)
    FAULTS["stop_pressed"].heal(drill)
    drill.until((Mode.AUTO_MOVE,), 20.0)


def _strike(
    drill: FaultScenario, shape: str, draw: np.random.Generator, traces: dict[str, Trace]
) -> Callable[[], None] | None:
    """Begin the link's failure; what it returns, if anything, runs once a tick."""
    if shape == "trace":
        name = sorted(traces)[int(draw.integers(len(traces)))]
        trace = traces[name]
        bad_s = link_traces.outages_s(trace, 0.15)
        if bad_s:
            from_s = max(0.0, float(draw.choice(bad_s)) - float(draw.uniform(0.0, 2.0)))
        else:
            from_s = float(draw.uniform(0.0, trace[-1][0]))
        replay = link_traces.window(trace, from_s, SHAPE_S + 2.0, drill.now_ns / NS_PER_S)
        for channel in (drill.radio.up, drill.radio.down):
            channel.params = msgspec.structs.replace(channel.params, trace=replay)
        return None
    fault = FAULTS[shape]
    strength = float(draw.uniform(fault.low, fault.high))
    fault.inject(drill, strength)
    if fault.act is None:
        return None
    act = fault.act
    return lambda: act(drill, strength)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Percentiles over many trials: 50th, 99th, 100th."""

    trials: int
    latency_ms: tuple[float, float, float]
    deaths: int
    death_ms: tuple[float, float, float]
    distance_m: tuple[float, float, float]
    bound_ratio_max: float
    late: tuple[int, ...]
    breached: tuple[int, ...]


def figures(trials: list[Trial]) -> Figures:
    """Sum up; `late` and `breached` are the seeds of trials that broke a limit or an invariant."""
    deaths = [trial.death_ms for trial in trials if trial.death_ms is not None]
    return Figures(
        trials=len(trials),
        latency_ms=_percentiles([trial.latency_ms for trial in trials]),
        deaths=len(deaths),
        death_ms=_percentiles(deaths),
        distance_m=_percentiles([trial.distance_m for trial in trials]),
        bound_ratio_max=max(trial.distance_m / trial.bound_m for trial in trials),
        late=tuple(trial.seed for trial in trials if is_late(trial)),
        breached=tuple(trial.seed for trial in trials if trial.breaches),
    )


def is_late(trial: Trial) -> bool:
    """The set-point outlived the frame by more than 500 ms, or the process by more than 200 ms; NaN is late."""
    return not trial.latency_ms <= LATENCY_MAX_MS or (trial.death_ms is not None and trial.death_ms > DEATH_MAX_MS)


def _percentiles(values: list[float]) -> tuple[float, float, float]:
    if not values:
        return (0.0, 0.0, 0.0)
    low, high, most = np.percentile(np.array(values), [50.0, 99.0, 100.0]).tolist()
    return low, high, most
