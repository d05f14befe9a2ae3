"""What becomes of an observation: what it means for the checks, and what the ledger is told; a function for each kind.

Bounds of what can be at all are those of the wire; here it is held against this machine, this session and this record.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind
from vehicle.contracts import by_machine, shift_state, skipped
from vehicle.contracts.detonation import is_heavier
from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.contracts.people import Moment, PeopleState
from vehicle.contracts.shift_table import fault_of, said_of
from vehicle.control.checks import contradictions, measured, people
from vehicle.control.checks.depth_reading import depth_reading
from vehicle.control.checks.hammer_count import hammer_count
from vehicle.control.checks.notes import note
from vehicle.control.checks.people import Around
from vehicle.control.checks.seen import Judge, Judged, Seen, by_of, off_the_mark, unproven
from vehicle.control.checks_state import ChecksState

BASE_OFF_M: Final = 0.02
"""A control point is hit within 2 cm in plan; the console counts half of the difference in height (4 cm)."""
BASE_SIGMA_M: Final = 0.02
SET_US: Final = (1_735_689_600_000_000, 4_102_444_800_000_000)
SHIFT_US: Final = 16 * 3600 * 1_000_000
UNSHOWN: Final = "daily check or machine mark first: place not shown"
"""Of a base check that would make ground firm, which was worked at a place that no mark has shown since the start."""
BASE_WRONG_M: Final = 0.1
"""Off by more, and what counted as swept is somewhere else too."""
HEAVY_CLASS: Final = 3
SKIPS_MAX: Final = 500
"""Of one record; beyond it nobody skips single swaths any more."""


def judged(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """One observation."""
    refusal = _when(observation.time_utc_us, seen.utc_us)
    return (state, (), refusal) if refusal else _KINDS[observation.kind](state, observation, seen)


def was_set(time_us: int) -> bool:
    """Between 2025 and 2100: another time is that of a clock which nobody has set."""
    return SET_US[0] <= time_us < SET_US[1]


def _when(told_us: int | None, now_us: int | None) -> str:
    """Why a time cannot be that of the shift; no time at all is none that is wrong."""
    if told_us is None:
        return ""
    if not was_set(told_us):
        return "time: a clock that was never set: set it"
    if now_us is None:
        return ""
    if told_us - now_us > shift_state.AHEAD_US:
        return "time: over 10 min from now: set your clock"
    return "time: over 16 h ago, no part of this shift" if now_us - told_us > SHIFT_US else ""


def _base(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """The first good one opens, the next one closes what lies between and opens the next stretch.

    It closes by the stroke that was the newest when it was measured, and only where a mark has shown the machine's own
    place; one that fails withdraws up to now.
    """
    if observation.sigma is not None and observation.sigma > BASE_SIGMA_M:
        return state, (), "sigma above 0.02 m: measure the point again"
    by = by_of(observation)
    if observation.value <= BASE_OFF_M:
        if moved := off_the_mark(observation, seen):
            return state, (), moved
        fault = contradictions.of_base(observation) or unproven(state, Knowledge.BASE, observation, seen)
        if state.base_open and not state.place_shown:
            fault = fault or UNSHOWN
        if fault:
            # A mark that the machine stands on is held against its own place too; of the base it proves nothing.
            stood = Order(kind=Knowledge.BASE, good=True, by=by, recorded=False)
            return (state, (stood,), "") if by_machine.of_machine(observation.text) else (state, (), fault)
        closing = state.base_open and seen.at_ns is not None
        # one that opens leaves all that was worked until it is told as it is, whatever an earlier start had worked
        number = seen.number if closing else None
        order = Order(kind=Knowledge.BASE, good=True, by=by, closing=closing, at_number=number)
        state = measured.proven(state, Knowledge.BASE, seen.at_ns)
        return replace(state, base_open=True, base_failed=False), (order,), ""
    order = Order(
        kind=Knowledge.BASE,
        good=False,
        by=by,
        reason=f"check of the base: {observation.value:.3f} m off a control point",
        flags=7 if observation.value > BASE_WRONG_M else 6,
        since_t_ns=measured.failed_since_ns(state, Knowledge.BASE, seen.at_ns),
    )
    state = measured.doubted(state, seen.t_ns, Knowledge.BASE)
    return replace(state, base_open=False, base_failed=True), (order,), ""


def _detonation(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """Whatever it was, hammers are counted; after one that is no AP mine, before anything is credited again.

    So is the machine; after a heavy one by its full check.
    """
    heavy, struck = observation.value >= HEAVY_CLASS, is_heavier(observation.value)
    state = measured.doubted(state, seen.t_ns, Knowledge.HAMMERS)
    state = replace(state, shocked=True, calibration_due=state.calibration_due or heavy)
    return (replace(state, hammers_struck=True, machine_struck=True) if struck else state), (), ""


def _find(state: ChecksState, _observation: Observation, _seen: Seen) -> Judged:
    return state, (), ""


def _shift(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """An act of the working day, done or not."""
    done = observation.kind is ObservationKind.SHIFT_DONE
    if fault := fault_of(observation.text, observation.who, done=done):
        return state, (), fault
    said = said_of(observation.text)
    if observation.time_utc_us is None or said is None:
        return state, (), "time: a shift's act says when"
    item, words = said
    act = shift_state.ShiftAct(
        item=item.name,
        done=done,
        minutes=observation.value,
        who=observation.who,
        words=words,
        utc_us=observation.time_utc_us,
    )
    now = shift_state.ShiftNow(utc_us=seen.utc_us, t_ns=seen.t_ns)
    return replace(state, shift=shift_state.told(state.shift, act, now)), (), ""


def _skip(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """A swath that is left out, or not any more; what follows from the record of it is `skipped.with_told`."""
    fault = skipped.fault_of(observation.text, observation.who, int(observation.value), seen.plan)
    if not fault and len(state.skips) >= SKIPS_MAX and not skipped.takes_back(observation.text):
        fault = f"{SKIPS_MAX} swaths are skipped: plan what is left"
    return state, (), fault


def _told_of_people(act: Callable[[PeopleState, Observation, Around, Moment], people.Told]) -> Judge:
    """A sign-in, or an act of a hand-over: it changes who is named, and no check."""

    def judge(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
        at = Moment(t_ns=seen.t_ns, utc_us=seen.utc_us)
        after, rows, fault = act(state.people, observation, seen.around, at)
        return replace(state, people=after), rows, fault

    return judge


_KINDS: Final[dict[ObservationKind, Judge]] = {
    ObservationKind.BENCHMARK_CHECK: _base,
    ObservationKind.DEPTH_CHECK: depth_reading,
    ObservationKind.HAMMER_COUNT: hammer_count,
    ObservationKind.DETONATION_CLASS: _detonation,
    ObservationKind.FIND: _find,
    ObservationKind.NOTE: note,
    ObservationKind.SHIFT_DONE: _shift,
    ObservationKind.SHIFT_NOT_DONE: _shift,
    ObservationKind.SKIP_SWATH: _skip,
    ObservationKind.SIGN_IN: _told_of_people(people.sign_in),
    ObservationKind.HAND_OVER_OFFER: _told_of_people(people.offer),
    ObservationKind.HAND_OVER_READ: _told_of_people(people.read),
    ObservationKind.HAND_OVER_SIGN: _told_of_people(people.sign),
}
