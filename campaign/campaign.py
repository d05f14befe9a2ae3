"""The fault campaign: a seed draws faults, their times and strengths; afterwards all heal and the machine must drive.

Silent errors are among the faults, at sizes for which no false credit is promised. They last to the end of the safety
phase. Then the team makes every check that the rules ask for (`campaign/shift.py`), and the record is judged.

A run depends only on its seed and on which of its events are kept. So one command repeats a run that failed, and it is
shrunk by leaving out events.
"""

import math

import msgspec
import numpy as np

from campaign.campaign_watch import CampaignWatch, ProcessDiedError
from campaign.fault_scenario import Box, FaultScenario, FaultScenarioSettings
from campaign.faults import FAULTS, heal_all
from campaign.invariants import Breach
from campaign.lies import LIES
from campaign.shift import Shift
from campaign.sim_operator import Goal
from sim import manual_text
from sim.noise import generator
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_S

SAFETY_S, LIVENESS_S = 60.0, 90.0
LEAD_S = 4.0
"""No fault begins earlier, so that the machine can be armed first."""
KINDS_MAX = 6
EVENTS_MEAN = 6.0
DRIVEN_M = 0.3
SILENT_SHARE = 0.4
"""In this share of the seeds a silent error is added to the faults."""
KEEP_OUT_SHARE, UNPROVEN_SHARE = 0.45, 0.4
TRY_TICKS = 500
"""At a fence the operator tries one direction for ten seconds, then the other."""
SAME_FIGURE = (
    {"gnss_jump", "gnss_drift", "base_moved", "base_drift", "place_scaled"},
    {"heading_flip", "heading_ramp", "heading_offset"},
    {"tilt_offset", "roll_offset", "rolled_over", "too_steep"},
    {"position_frozen", "stuck"},
    {"heading_frozen", "heading_stuck"},
)
"""Faults that set the same figure of the simulated sensors: when one of them ends, so do the others."""
GOALS = (Goal.MISSION, Goal.MISSION, Goal.MANUAL, Goal.RETREAT)


class FaultEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One fault in a run: it begins at `at_s`, lasts `hold_s`, and has a `strength` from its range."""

    number: int
    fault: str
    at_s: float
    hold_s: float
    strength: float


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one seed. `together`: the pairs of faults that were in force at the same time."""

    seed: int
    events: tuple[FaultEvent, ...]
    together: tuple[tuple[str, str], ...]
    breaches: tuple[Breach, ...]
    sim_s: float
    stops: int
    walks: int
    engine_starts: int

    @property
    def failed(self) -> bool:
        """Whether an invariant broke, or the machine could not be driven again."""
        return bool(self.breaches)


def plan_events(seed: int) -> tuple[FaultEvent, ...]:
    """Return the faults of a seed: a random subset of all kinds, each at a random rate."""
    draw = generator(seed, "campaign")
    usable = [name for name, fault in FAULTS.items() if not (fault.table_only or fault.lasting)]
    kinds = draw.permutation(usable)[: int(draw.integers(1, KINDS_MAX + 1))].tolist()
    count = 1 + int(draw.poisson(EVENTS_MEAN - 1.0))
    times = np.sort(draw.uniform(LEAD_S, SAFETY_S - 2.0, count)).tolist()
    events = tuple(_event(number, kinds, at_s, draw) for number, at_s in enumerate(times))
    if draw.random() >= SILENT_SHARE:
        return events
    silent = [name for name, fault in FAULTS.items() if fault.lasting]
    lasting = _event(count, silent, round(float(draw.uniform(LEAD_S, SAFETY_S / 2.0)), 2), draw)
    return (*(event for event in events if event.fault not in alike(lasting.fault)), lasting)


def alike(fault: str) -> set[str]:
    """Return the faults that set the same figure as this one, itself included."""
    return next((group for group in SAME_FIGURE if fault in group), {fault})


def _event(number: int, kinds: list[str], at_s: float, draw: np.random.Generator) -> FaultEvent:
    name = kinds[int(draw.integers(len(kinds)))]
    fault = FAULTS[name]
    return FaultEvent(
        number=number,
        fault=name,
        at_s=round(at_s, 2),
        hold_s=SAFETY_S if fault.lasting else round(float(draw.uniform(*fault.hold_s)), 2),
        strength=float(draw.uniform(fault.low, fault.high)),
    )


def settings_of(seed: int) -> tuple[FaultScenarioSettings, Goal, float]:
    """Return the scenario of a seed (slope, soil, radio), the operator's goal, and the stick."""
    draw = generator(seed, "campaign.scene")
    settings = FaultScenarioSettings(
        seed=seed,
        slope_deg=float(draw.uniform(0.0, 12.0)),
        slope_bearing_deg=float(draw.uniform(0.0, 359.0)),
        soil_mjpm3=float(draw.uniform(0.8, 2.5)),
        delay_ms=float(draw.uniform(2.0, 30.0)),
        jitter_ms=float(draw.uniform(0.0, 5.0)),
        loss_ratio=float(draw.uniform(0.0, 0.02)),
        keep_out_m=_keep_out(seed),
        unproven_m=_unproven(seed),
    )
    goal = GOALS[int(draw.integers(len(GOALS)))]
    return settings, goal, float(draw.uniform(0.1, 0.9)) * (-1.0 if goal is Goal.RETREAT else 1.0)


def _keep_out(seed: int) -> Box | None:
    """Return a keep-out across the swath or beside it; None in most seeds."""
    draw = generator(seed, "campaign.keep_out")
    if draw.random() >= KEEP_OUT_SHARE:
        return None
    near_m, long_m, beside_m = (float(draw.uniform(*span)) for span in ((3.0, 12.0), (0.5, 8.0), (1.1, 2.5)))
    side = int(draw.integers(3))
    across = ((-6.0, 6.0), (beside_m, beside_m + 4.0), (-beside_m - 4.0, -beside_m))[side]
    return (near_m if side == 0 else near_m - 4.0, near_m + long_m, *across)


def _unproven(seed: int) -> Box | None:
    """Return ground ahead of the tool that bears no tracks before it is worked; None in most seeds."""
    draw = generator(seed, "campaign.unproven")
    return (2.5, 100.0, -50.0, 50.0) if draw.random() < UNPROVEN_SHARE else None


class _Schedule:
    """Begins and ends the events tick by tick; overlapping events of one kind become one."""

    def __init__(self, events: tuple[FaultEvent, ...]) -> None:
        self._due = sorted(events, key=lambda event: event.at_s, reverse=True)
        self._running: dict[str, tuple[float, float]] = {}
        self.together: set[tuple[str, str]] = set()
        self.lasting: set[str] = set()

    def step(self, drill: FaultScenario) -> None:
        now_s = drill.time_s
        for name in [name for name, (_, end_s) in self._running.items() if now_s >= end_s]:
            del self._running[name]
            FAULTS[name].heal(drill)
        while self._due and self._due[-1].at_s <= now_s:
            event = self._due.pop()
            if event.fault in self._running:
                continue
            FAULTS[event.fault].inject(drill, event.strength)
            self.together |= {_pair(event.fault, other) for other in self._running}
            self._running[event.fault] = event.strength, now_s + event.hold_s
            if FAULTS[event.fault].lasting:
                self.lasting.add(event.fault)
        for name, (strength, _) in self._running.items():
            act = FAULTS[name].act
            if act is not None:
                act(drill, strength)


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def run_seed(seed: int, keep: tuple[int, ...] | None = None) -> RunResult:
    """Run one seed. `keep`: numbers of the events that happen; None: all."""
    events = tuple(event for event in plan_events(seed) if keep is None or event.number in keep)
    settings, goal, stick = settings_of(seed)
    drill = FaultScenario(settings)
    drill.drive(goal, stick)
    drill.attended = True
    schedule = _Schedule(events)
    watch = CampaignWatch(drill)
    try:
        breaches = _judged(drill, watch, schedule)
    except ProcessDiedError:
        breaches = tuple(watch.breaches)
    return RunResult(
        seed=seed,
        events=events,
        together=tuple(sorted(schedule.together)),
        breaches=breaches,
        sim_s=drill.time_s,
        stops=drill.watch.stops,
        walks=drill.hands.walks,
        engine_starts=drill.engine_starts,
    )


def _judged(drill: FaultScenario, watch: CampaignWatch, schedule: _Schedule) -> tuple[Breach, ...]:
    """Run the faults, the checks if there are silent errors, then heal everything; return the breaches."""
    shift = Shift(drill, drill.settings.seed, watch.step)
    for _ in range(round(SAFETY_S / TICK_S)):
        schedule.step(drill)
        shift.step()
        if drill.watch.breaches or watch.breaches:
            return (*drill.watch.breaches, *watch.breaches)
    if schedule.lasting:
        heal_others(drill, schedule.lasting)
        shift.run(1.0)
        shift.stop()
        shift.close()
    watch.swept()
    return drill.watch.finish() or tuple(watch.breaches) or _liveness(drill)


def heal_others(drill: FaultScenario, lasting: set[str]) -> None:
    """End all faults but the silent errors among `lasting` that stay for the checks to find."""
    heal_all(drill, but={name for kept in lasting if LIES[kept].lasts for name in alike(kept)})


def _drives(drill: FaultScenario) -> bool:
    """Whether the machine can be driven by stick: forward, or if a text says so, in the direction that leads out."""
    tracks = drill.world.tracks
    start_m = tracks.east_m, tracks.north_m
    stick, until = 0.3, 0
    for tick in range(round(LIVENESS_S / TICK_S)):
        if manual_text.leads_out(drill.hands.screen) and drill.mode is Mode.MANUAL and tick >= until:
            stick, until = -stick, tick + TRY_TICKS
        drill.drive(Goal.MANUAL, stick)
        drill.step()
        if math.dist(start_m, (tracks.east_m, tracks.north_m)) >= DRIVEN_M:
            return True
    return False


def _liveness(drill: FaultScenario) -> tuple[Breach, ...]:
    """Heal everything; an operator who follows the texts must be able to drive by stick. Return the breaches."""
    heal_all(drill)
    drill.run(1.0)
    if not _drives(drill) and not drill.watch.breaches:
        gate = drill.state.gate
        shown = ", ".join(drill.reasons) or "no reason"
        text = f"{gate.mode.name} with {shown}; engine {'on' if drill.world.engine.running else 'off'}"
        return (Breach(t_s=drill.time_s, name="cannot_drive_again", text=text),)
    return drill.watch.finish()
