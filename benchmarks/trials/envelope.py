"""Random missions with silent errors: work, then every check that the rules ask for, then the record against the truth.

A mission is a function of its seed and number. It draws one kind of error (or none, or two), its size over a range that
reaches beyond what is promised, when and in which phase it comes, the ground and the speed; then a machine works one
swath, is stopped and taken up again as its texts say, and the team closes the shift (`campaign/shift.py`).
"""

import math

import msgspec
import numpy as np

from campaign import lies
from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.lies import LIES, Told
from campaign.shift import Finding, Shift
from campaign.sim_operator import Goal
from sim.noise import generator
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.sockets import Sink
from vehicle.contracts.units import TICK_S

KINDS = tuple(LIES)
NONE_SHARE, TWO_SHARE = 0.05, 0.15
PHASES = ("begin", "work", "stand")
"""Before the first metre, in the swath, or while the machine stands between two parts of it."""
LIMIT_S, IDLE_S = 260.0, 120.0
"""Whatever the stops take, the shift ends then; and where it does not come to work again for so long."""
TELLS = (
    "position_jump", "position_drift", "position_stuck", "heading_", "depth_contradicts", "tilt_", "slope",
    "track_slip", "rotor_sensor", "rotor_not_stopping", "rotor_stuck_on",
    "wrong_base", "line_delay", "controller_", "tool_height", "impossible", "status_disorder",
)  # fmt: skip
"""Reasons that begin so tell of an error; a receiver that floats tells of itself."""


class Mission(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn. `onset_s` counts from the start of the work; `work_s` is worked after it."""

    number: int
    errors: tuple[Told, ...]
    phase: str
    onset_s: float
    work_s: float
    wait_s: float
    settings: FaultScenarioSettings


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. Areas in m2; times and ways since the error began, none where nothing was told.

    `told`: the first reason on the screen, or the first check that took credit back.
    """

    mission: Mission
    inside: bool
    credited_m2: float
    false_before_m2: float
    left_m2: float
    false_after_m2: float
    told: str
    told_s: float | None
    told_m: float | None
    findings: tuple[Finding, ...]
    withdrawn: tuple[str, ...]
    breaches: tuple[str, ...]
    sim_s: float


def drawn(seed: int, number: int) -> Mission:
    """The mission of this number."""
    draw = generator(seed, f"envelope.{number}")
    kinds = _kinds(draw, number)
    phase = PHASES[int(draw.integers(len(PHASES)))]
    settings = FaultScenarioSettings(
        seed=int(draw.integers(1 << 31)),
        slope_deg=float(draw.uniform(0.0, 10.0)),
        slope_bearing_deg=float(draw.uniform(0.0, 359.0)),
        soil_mjpm3=float(draw.uniform(0.8, 2.0)),
        loss_ratio=float(draw.uniform(0.0, 0.01)),
        speed_mps=round(_log(draw, 0.06, 0.28), 3),
        unevenness_m=float(draw.uniform(0.0, 0.02)),
        slip_ratio=float(draw.uniform(0.0, 0.1)),
    )
    return Mission(
        number=number,
        errors=tuple(_told(kind, draw) for kind in kinds),
        phase=phase,
        onset_s=0.0 if phase == "begin" else round(float(draw.uniform(3.0, 40.0)), 2),
        work_s=round(float(draw.uniform(25.0, 70.0)), 2),
        wait_s=round(float(draw.uniform(2.0, 30.0)), 2),
        settings=settings,
    )


def _kinds(draw: np.random.Generator, number: int) -> tuple[str, ...]:
    """All kinds come equally often; some missions have none, some a second one."""
    share = draw.random()
    other = KINDS[int(draw.integers(len(KINDS)))]
    one = KINDS[number % len(KINDS)]
    if share < NONE_SHARE:
        return ()
    return (one, other) if share < NONE_SHARE + TWO_SHARE and other != one else (one,)


def _told(kind: str, draw: np.random.Generator) -> Told:
    lie = LIES[kind]
    size = _log(draw, lie.low, lie.high + 0.999 if lie.whole else lie.high)
    side_rad = float(draw.uniform(-math.pi, math.pi))
    return Told(kind=kind, size=float(int(size)) if lie.whole else size, side_rad=side_rad, rate=float(draw.random()))


def _log(draw: np.random.Generator, low: float, high: float) -> float:
    return math.exp(float(draw.uniform(math.log(low), math.log(high))))


def inside(mission: Mission) -> bool:
    """All its errors are of a size for which no false credit is promised."""
    return all(LIES[told.kind].inside(told.size, told.rate) for told in mission.errors)


class _Run:
    """One mission under way."""

    def __init__(self, mission: Mission, sinks: tuple[Sink, ...]) -> None:
        self.mission = mission
        self.drill = FaultScenario(mission.settings, sinks)
        self.drill.attended = True
        self.shift = Shift(self.drill, mission.settings.seed)
        self.told, self.told_s, self.told_m = "", math.inf, math.inf
        self._lies = False
        self._before: frozenset[str] = frozenset()
        self._begun_s = self._way_m = 0.0

    def tick(self) -> None:
        drill = self.drill
        if self._lies:
            for told in self.mission.errors:
                lies.each(drill, told)
        self.shift.step()
        if not self._lies:
            return
        self._way_m += abs(drill.world.tracks.speed_mps) * TICK_S
        if not self.told and (found := self._new_reason()):
            self.told, self.told_s, self.told_m = found, drill.time_s - self._begun_s, self._way_m

    def _new_reason(self) -> str:
        if len(self.shift.withdrawn) and "vehicle" in self.shift.withdrawn[-1]:
            return self.shift.withdrawn[-1]
        return next((name for name in self.drill.reasons if name.startswith(TELLS) and name not in self._before), "")

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.tick()

    def work(self, seconds: float) -> None:
        """So long in the swath, stops not counted; as long as there is one, and time."""
        self.drill.drive(Goal.MISSION)
        worked_s = idle_s = 0.0
        while worked_s < seconds and idle_s < IDLE_S and self.drill.time_s < LIMIT_S:
            self.tick()
            works = self.drill.mode is Mode.AUTO_WORK
            worked_s, idle_s = (worked_s + TICK_S, 0.0) if works else (worked_s, idle_s + TICK_S)
            if self.drill.state.mission.phase is MissionPhase.DONE:
                return

    def begin(self) -> None:
        """The errors come."""
        self._before, self._begun_s = frozenset(self.drill.reasons), self.drill.time_s
        for told in self.mission.errors:
            lies.begin(self.drill, told)
        self._lies = True

    def stand(self) -> None:
        """The operator stops; where the receiver loses its integers, it comes back with the error."""
        self.shift.stop()
        floats = any(LIES[told.kind].afloat for told in self.mission.errors)
        lies.afloat(self.drill, floats=floats)
        self.run(self.mission.wait_s)
        self.begin()
        lies.afloat(self.drill, floats=False)
        self.run(3.0)

    def end(self) -> None:
        """What does not last is gone."""
        self._lies = False
        for told in self.mission.errors:
            if not LIES[told.kind].lasts:
                lies.end(self.drill, told)


def flown(mission: Mission, sinks: tuple[Sink, ...] = ()) -> Result:
    """One mission from the bay to the next morning; `sinks` are told of every tick and change nothing."""
    run = _Run(mission, sinks)
    run.run(4.0)
    if mission.phase == "begin":
        run.begin()
    run.work(mission.onset_s)
    if mission.phase == "stand":
        run.stand()
    elif mission.phase == "work":
        run.begin()
    run.work(mission.work_s)
    run.shift.stop()
    drill = run.drill
    ledger = drill.state.ledger
    credited_m2, false_before_m2 = ledger.credited_m2, drill.truth.false_credit_m2(ledger)
    run.end()
    breaches = tuple(breach.name for breach in drill.watch.breaches)
    findings = run.shift.close()
    told = run.told or next((f"check: {finding.check}" for finding in findings if finding.withdrew), "")
    ledger = drill.state.ledger
    return Result(
        mission=mission,
        inside=inside(mission),
        credited_m2=round(credited_m2, 4),
        false_before_m2=round(false_before_m2, 4),
        left_m2=round(ledger.credited_m2, 4),
        false_after_m2=round(drill.truth.false_credit_m2(ledger), 4),
        told=told,
        told_s=round(run.told_s, 2) if run.told else None,
        told_m=round(run.told_m, 3) if run.told else None,
        findings=findings,
        withdrawn=tuple(run.shift.withdrawn),
        breaches=breaches,
        sim_s=drill.time_s,
    )
