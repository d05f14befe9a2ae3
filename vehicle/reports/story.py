"""The course of a run: hours by activity, stops, time without the operator's frames.

It is computed from the vehicle's reports, five a second, and its events; both count from the same zero
(`JobFacts.zero_us`).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from vehicle.contracts.frames import FloatArray
from vehicle.contracts.messages import Event, MissionPhase, Mode
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
BACK_OFF, STICK, RECOVERY = "back_off", "stick", "recovery"
LINK, CHECKS, WAITING, UNRECORDED = "link", "checks", "waiting", "unrecorded"
"""Activities by their name in the catalogue, `activity.NAME`."""
STOP: Final = "stop: "
"""Prefix before the reason of a stop, used as an activity."""
UNKNOWN_REASON: Final = "not_recorded"


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
    """A stop of a moving machine. `number` as on the map; `until_s` is None if the machine did not drive again."""

    number: int
    start_s: float
    until_s: float | None
    reason: str
    text: str
    east_m: float
    north_m: float


def stops_of(events: Sequence[Event], end_s: float) -> list[Stop]:
    """Return stops with their reason and end; the disarming after a finished job is not a stop."""
    rows = tuple(events)
    armed_ns = [event.t_ns for event in rows if event.kind == "mode" and _drives(event.text)]
    found = []
    for number, mark, event in marked(rows):
        if mark != "stop" or event.east_m is None or event.north_m is None:
            continue
        words = event.text.removeprefix("stop: ") if event.kind == "stop" else ""
        reason, _, text = words.partition("; ")
        until_ns = next((t_ns for t_ns in armed_ns if t_ns > event.t_ns), None)
        found.append(
            Stop(
                number=number,
                start_s=event.t_ns / NS_PER_S,
                until_s=until_ns / NS_PER_S if until_ns is not None else None,
                reason=reason or UNKNOWN_REASON,
                text=text or event.text,
                east_m=event.east_m,
                north_m=event.north_m,
            )
        )
    return [msgspec.structs.replace(stop, until_s=_or_end(stop, end_s)) for stop in found]


def _or_end(stop: Stop, end_s: float) -> float | None:
    return stop.until_s if stop.until_s is None or stop.until_s <= end_s else None


def _drives(text: str) -> bool:
    return text.endswith(("-> MANUAL", "-> AUTO_MOVE", "-> AUTO_WORK", "-> RECOVERY"))


def hours_of(samples: Samples, stops: Sequence[Stop], checks_s: Sequence[float]) -> dict[str, float]:
    """Return time [s] by activity, longest first; the times add up to the recording.

    `checks_s`: times of measurements by people; the standstill around one counts as checks, unless it is a stop.
    """
    if not len(samples):
        return {}
    duration_s, holes_s = samples.durations_s()
    names = _activities(samples)
    moves = np.isin(samples.mode, [int(mode) for mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)])
    stands = ~moves & (np.abs(samples.speed_mps) < STAND_MPS)
    for start, end in _stretches(stands):
        first_s, last_s = samples.t_s[start], samples.t_s[end - 1]
        if any(first_s - GAP_S <= moment_s <= last_s + GAP_S for moment_s in checks_s):
            names[start:end] = CHECKS
    for stop in stops:
        until_s = stop.until_s if stop.until_s is not None else np.inf
        here = (samples.t_s >= stop.start_s - 1e-9) & (samples.t_s < until_s) & ~moves
        names[here] = STOP + stop.reason
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
    return names


def _stretches(chosen: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return index ranges [start, end) of consecutive True values."""
    edges = np.diff(chosen.astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


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
    lengths_s = [float(duration_s[start:end].sum()) for start, end in _stretches(down)]
    return LinkLoss(total_s=sum(lengths_s), longest_s=max(lengths_s, default=0.0), count=len(lengths_s))


def first_worked_s(samples: Samples, runs: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Return segment -> (first, last) second of tool work in it, over `runs`, which all drove the same plan."""
    found: dict[int, tuple[float, float]] = {}
    work = samples.is_work & np.isin(samples.run, list(runs))
    for seq in np.unique(samples.segment[work]).tolist():
        times_s = samples.t_s[work & (samples.segment == seq)]
        found[seq] = float(times_s.min()), float(times_s.max())
    return found
