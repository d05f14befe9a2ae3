"""The course of a run: hours by activity, stops, time without the operator's frames.

It is computed from the vehicle's reports, five a second, and its events; both count from the same zero
(`JobFacts.zero_us`).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from vehicle.contracts.frames import FloatArray
from vehicle.contracts.messages import Event, MissionPhase, Mode
from vehicle.contracts.stop_reasons import RULES
from vehicle.contracts.units import NS_PER_S
from vehicle.reports.palette import marked

GAP_S: Final = 2.0
"""A longer time between two reports is a gap in the recording and no activity."""
LINK_DOWN_S: Final = 0.45
"""Age of the operator's newest frame at which even a slow machine must stop."""
TURN_RADPS, STAND_MPS = 0.05, 0.03
"""A machine turns above the first value, and stands below the second."""
PHASES: Final = tuple(MissionPhase)
UNCONNECTED: Final = (Mode.BOOT, Mode.DISARMED)

WORK, TURN, MOVE, PREPARE = "work", "turn", "move", "prepare"
BACK_OFF, STICK, RECOVERY, WAIT = "back_off", "stick", "recovery", "wait"
LINK, CHECKS, WAITING, UNRECORDED = "link", "checks", "all_else", "unrecorded"
"""Activities by their name in the catalogue, `activity.NAME`."""
STOP: Final = "stop: "
"""Prefix before the reason of a stop, used as an activity."""
UNKNOWN_REASON: Final = "not_recorded"
PAUSE: Final = "pause"
"""Cause of a WAIT that the operator asked for."""
WAITED_FOR: Final = frozenset(rule.name for rule in RULES if rule.waits)
WAIT_BEGINS: Final = f"-> {Mode.WAIT.name}"
"""Text ending of the mode changes that begin a WAIT."""


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive reports as arrays (n,): seconds since the zero, ENU metres, m/s, rad, rad/s, metres.

    `depth_m`: the sensor's reading, NaN without one. `age_s`: age of the operator's newest frame. `segment`: of the
    plan. `phase`: index into `PHASES`. `proven`: position RTK fixed and believed. `run`: index of the run.
    """

    t_s: FloatArray
    east_m: FloatArray
    north_m: FloatArray
    speed_mps: FloatArray
    yaw_rad: FloatArray
    yaw_rate_radps: FloatArray
    sigma_m: FloatArray
    depth_m: FloatArray
    age_s: FloatArray
    mode: npt.NDArray[np.int64]
    phase: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    proven: npt.NDArray[np.bool_]
    run: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.t_s)

    @property
    def is_work(self) -> npt.NDArray[np.bool_]:
        """Whether the tool works in each report: in the ground, rotor at speed, driving; (n,) bool."""
        lowers = self.phase == PHASES.index(MissionPhase.LOWER)
        return np.asarray((self.mode == int(Mode.AUTO_WORK)) & ~lowers)

    def durations_s(self) -> tuple[FloatArray, float]:
        """Return the time [s] that each report covers (n,), and the total [s] of gaps between reports of one run."""
        apart_s = np.diff(self.t_s, append=self.t_s[-1:])
        apart_s[np.diff(self.run, append=self.run[-1:]) != 0] = 0.0
        holes = apart_s > GAP_S
        return np.where(holes, 0.0, apart_s), float(apart_s[holes].sum())


def joined(parts: Sequence[Samples]) -> Samples:
    """Return the samples of several runs joined in order."""
    fields = Samples.__struct_fields__
    return Samples(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A stop of a moving machine in run `run`. `number` as on the map; `end_s`: until when it stood in that run.

    `until_s` is the same, and None if the machine did not drive again in that run.
    """

    number: int
    start_s: float
    until_s: float | None
    reason: str
    text: str
    east_m: float
    north_m: float
    run: int = 0
    end_s: float = math.inf


def stops_of(events: Sequence[Event], ends_s: Sequence[float], runs: Sequence[int] = ()) -> list[Stop]:
    """Return stops with their reason and end; the disarming after a finished job is not a stop.

    `ends_s`: when each run ended. `runs`: index of each event's run; all are of run 0 if it is empty. Another run says
    nothing of how long a machine stood in this one.
    """
    rows = tuple(events)
    run_of = {id(event): run for event, run in zip(rows, runs or (0,) * len(rows), strict=True)}
    armed_ns: dict[int, list[int]] = {}
    for event in rows:
        if event.kind == "mode" and _drives(event.text):
            armed_ns.setdefault(run_of[id(event)], []).append(event.t_ns)
    found = []
    for number, mark, event in marked(rows):
        if mark != "stop" or event.east_m is None or event.north_m is None:
            continue
        words = event.text.removeprefix("stop: ") if event.kind == "stop" else ""
        reason, _, text = words.partition("; ")
        run, start_s = run_of[id(event)], event.t_ns / NS_PER_S
        again = (t_ns / NS_PER_S for t_ns in armed_ns.get(run, ()) if t_ns > event.t_ns)
        until_s = next((again_s for again_s in again if again_s <= ends_s[run]), None)
        found.append(
            Stop(
                number=number,
                start_s=start_s,
                until_s=until_s,
                reason=reason or UNKNOWN_REASON,
                text=text or event.text,
                east_m=event.east_m,
                north_m=event.north_m,
                run=run,
                end_s=max(start_s, ends_s[run]) if until_s is None else until_s,
            )
        )
    return found


def _drives(text: str) -> bool:
    return text.endswith(("-> MANUAL", "-> AUTO_MOVE", "-> AUTO_WORK", "-> RECOVERY"))


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """A WAIT of a mission in run `run`. `cause`: name of a stop reason, or `PAUSE` where the operator asked for it.

    `went_on`: the mission went on by START; False: it became a stop; None: the run ended in it.
    """

    start_s: float
    cause: str
    went_on: bool | None = None
    run: int = 0


def waits_of(events: Sequence[Event], runs: Sequence[int] = ()) -> list[Wait]:
    """Return the WAITs in order. `runs`: index of each event's run; all are of run 0 if it is empty.

    The cause is the reason that came in the same tick, because each reason that a mission waits for makes it wait at
    once.
    """
    rows = tuple(events)
    found: list[Wait] = []
    came = (-1, -1, "")
    under_way = False
    for event, run in zip(rows, runs or (0,) * len(rows), strict=True):
        if event.kind == "reason":
            name = event.text.removeprefix("reason: ")
            came = (run, event.tick, name) if name in WAITED_FOR else came
        elif event.kind == "mode" and event.text.endswith(WAIT_BEGINS):
            cause = came[2] if came[:2] == (run, event.tick) else PAUSE
            found.append(Wait(start_s=event.t_ns / NS_PER_S, cause=cause, run=run))
            under_way = True
        elif event.kind == "mode" and under_way:
            under_way = False
            if found[-1].run == run:
                found[-1] = msgspec.structs.replace(found[-1], went_on=_drives(event.text))
    return found


def hours_of(
    samples: Samples, stops: Sequence[Stop], checks_s: Sequence[float], unread_s: float = 0.0
) -> dict[str, float]:
    """Return time [s] by activity, longest first; the times add up to the runs.

    `checks_s`: times of measurements by people; the standstill around one counts as checks, unless it is a stop.
    `unread_s`: time of the runs that no recording holds.
    """
    if not len(samples):
        return {}
    duration_s, holes_s = samples.durations_s()
    holes_s += unread_s
    names = _activities(samples)
    moves = np.isin(samples.mode, [int(mode) for mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY, Mode.WAIT)])
    stands = ~moves & (np.abs(samples.speed_mps) < STAND_MPS)
    for start, end in _stretches(stands, samples.run):
        first_s, last_s = samples.t_s[start], samples.t_s[end - 1]
        if any(first_s - GAP_S <= moment_s <= last_s + GAP_S for moment_s in checks_s):
            names[start:end] = CHECKS
    for stop in stops:
        until_s = np.inf if stop.until_s is None else stop.until_s
        here = (samples.t_s >= stop.start_s - 1e-9) & (samples.t_s < until_s) & (samples.run == stop.run)
        names[here & ~moves] = STOP + stop.reason
    down = (samples.age_s > LINK_DOWN_S) & ~np.isin(samples.mode, [int(mode) for mode in UNCONNECTED]) & ~moves
    names[down & ~np.char.startswith(names.astype(str), STOP)] = LINK
    found: dict[str, float] = {}
    for name in dict.fromkeys(names.tolist()):
        found[name] = float(duration_s[names == name].sum())
    if holes_s > 0.0:
        found[UNRECORDED] = holes_s
    return dict(sorted(found.items(), key=lambda row: -row[1]))


def _activities(samples: Samples) -> Any:
    """Return the name of the activity in each report, (n,)."""
    names = np.full(len(samples), WAITING, dtype=object)
    moving, turning = np.abs(samples.speed_mps) >= STAND_MPS, np.abs(samples.yaw_rate_radps) >= TURN_RADPS
    is_auto = np.isin(samples.mode, [int(Mode.AUTO_MOVE), int(Mode.AUTO_WORK)])
    prepares = np.isin(samples.phase, [PHASES.index(name) for name in ("spin_up", "lower", "raise")])
    names[is_auto] = MOVE
    names[is_auto & turning & ~moving] = TURN
    names[is_auto & prepares] = PREPARE
    names[is_auto & (samples.phase == PHASES.index(MissionPhase.BACK_OFF))] = BACK_OFF
    names[samples.is_work] = WORK
    names[(samples.mode == int(Mode.MANUAL)) & (moving | turning)] = STICK
    names[samples.mode == int(Mode.RECOVERY)] = RECOVERY
    names[samples.mode == int(Mode.WAIT)] = WAIT
    return names


def _stretches(chosen: npt.NDArray[np.bool_], run: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return index ranges [start, end) of unbroken True, each within one run."""
    found = []
    cuts = [0, *(np.flatnonzero(np.diff(run)) + 1).tolist(), len(run)]
    for first, last in pairwise(cuts):
        edges = np.diff(chosen[first:last].astype(np.int8), prepend=0, append=0)
        starts, ends = (first + np.flatnonzero(edges == way) for way in (1, -1))
        found += list(zip(starts.tolist(), ends.tolist(), strict=True))
    return found


class LinkLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Time in which an armed vehicle had no fresh frame of its operator: total [s], longest [s], and count."""

    total_s: float
    longest_s: float
    count: int


def link_loss(samples: Samples) -> LinkLoss:
    """Compute the link loss from five reports a second; losses shorter than 0.2 s may be missing."""
    if not len(samples):
        return LinkLoss(total_s=0.0, longest_s=0.0, count=0)
    duration_s, _ = samples.durations_s()
    down = (samples.age_s > LINK_DOWN_S) & ~np.isin(samples.mode, [int(mode) for mode in UNCONNECTED])
    lengths_s = [float(duration_s[start:end].sum()) for start, end in _stretches(down, samples.run)]
    return LinkLoss(total_s=sum(lengths_s), longest_s=max(lengths_s, default=0.0), count=len(lengths_s))


def first_worked_s(samples: Samples, runs: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Return segment -> (first, last) second of tool work in it, over `runs`, which all drove the same plan."""
    found: dict[int, tuple[float, float]] = {}
    work = samples.is_work & np.isin(samples.run, list(runs))
    for seq in np.unique(samples.segment[work]).tolist():
        times_s = samples.t_s[work & (samples.segment == seq)]
        found[seq] = float(times_s.min()), float(times_s.max())
    return found
