"""What becomes of an observation: what it means for the checks, and what the ledger is told; a function for each kind.

Bounds of what can be at all are those of the wire; here it is held against this machine, this session and this record.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts import shift_state, skipped
from vehicle.contracts.detonation import is_heavier
from vehicle.contracts.hammers import all_named, named_tracks
from vehicle.contracts.ledger_types import Claim, Knowledge, Observed, Order
from vehicle.contracts.people import Moment, PeopleState
from vehicle.contracts.plan import Plan
from vehicle.contracts.shift_table import fault_of, said_of
from vehicle.control.checks import contradictions, machine_check, measured, people
from vehicle.control.checks.people import Around
from vehicle.control.checks_state import Calibration, ChecksState, MachineCheck
from vehicle.control.depth import DUE_M

BASE_OFF_M: Final = 0.02
"""A control point is hit within 2 cm in plan; the console counts half of the difference in height (4 cm)."""
BASE_SIGMA_M: Final = 0.02
DEPTH_SIGMA_M: Final = 0.03
"""What five points with rod and straight edge are worth; one that is worse tells nothing of centimetres."""
ROD_SIGMAS: Final = 2.0
ROD_LEAST_M: Final = 0.02
"""A rod that finds the sensor too deep may itself have read too deep, and other places may be worse: so much more is
taken off than it found. The least as measured: of 1,500 closings two were false with 1.8 cm, none with 2.
"""
SET_US: Final = (1_735_689_600_000_000, 4_102_444_800_000_000)
SHIFT_US: Final = 16 * 3600 * 1_000_000
BASE_WRONG_M: Final = 0.1
"""Off by more, and what counted as swept is somewhere else too."""
DEPTH_WRONG_M: Final = 0.05
DEPTH_UNEXPLAINED_M: Final = 0.01
BIAS_MAX_M: Final = 0.2
"""A sensor that is further off is mended, not corrected."""
ODD_MAX: Final = 2
"""Two more places at which the bias found before does not explain the reading."""
STRIP: Final = "depth failed: new strip at the edge of safe ground"
"""Where the rod then reads it: at arm's length from that ground. Nobody walks on the strip."""
HEAVY_CLASS: Final = 3
SKIPS_MAX: Final = 500
"""Of one record; beyond it nobody skips single swaths any more."""
SOIL_WORDS: Final = ("soil", "moisture")
MACHINE_WORDS: Final = ("antenna", "mast", "tool", "imu", "transport")
"""Notes that begin with one of these words make checks due: see docs/OPERATION.md."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What an observation is judged against. `claim`: the record's at its place, None where it has none.

    `utc_us`: the time as the vehicle's receiver has it, None where it has none; `t_ns`: that of the tick.
    `at_ns`: when it was measured, at the earliest, and `number`: the newest stroke by then; None: nobody knows.
    `plan`: the one that is held. `around`: what sign-in and hand-over are judged by.
    """

    config: VehicleConfig
    claim: Claim | None
    swept_m2: float
    utc_us: int | None = None
    t_ns: int = 0
    at_ns: int | None = None
    number: int | None = None
    plan: Plan | None = None
    around: Around = Around()


Judged = tuple[ChecksState, tuple[Order | Observed, ...], str]
"""What is known now, what the ledger is told besides the observation, and why it was refused ("" = recorded)."""


_Judge = Callable[[ChecksState, Observation, Seen], Judged]


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


def _unproven(state: ChecksState, kind: Knowledge, observation: Observation, seen: Seen) -> str:
    return measured.unproven(state, kind, observation, seen.at_ns, seen.utc_us)


def _base(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """The first good one opens, the next one closes what lies between and opens the next stretch.

    It closes by the stroke that was the newest when it was measured; one that fails withdraws up to now.
    """
    if observation.sigma is not None and observation.sigma > BASE_SIGMA_M:
        return state, (), "sigma above 0.02 m: measure the point again"
    by = _by(observation)
    if observation.value <= BASE_OFF_M:
        if fault := contradictions.of_base(observation) or _unproven(state, Knowledge.BASE, observation, seen):
            # A mark that the machine stands on is held against its own place too, whatever it says of the base.
            stood = Order(kind=Knowledge.BASE, good=True, by=by, closing=False, at_number=0)
            return (state, (stood,), "") if contradictions.of_machine(observation.text) else (state, (), fault)
        closing = state.base_open and seen.at_ns is not None
        order = Order(kind=Knowledge.BASE, good=True, by=by, closing=closing, at_number=seen.number)
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


def _depth(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """The record must not claim more than the rod found; where it did, what the rod may be wrong by goes too.

    Once the sensor is known to be wrong, only ground worked since then says how wrong: by that it is corrected.
    """
    if unread := _unread(observation) or contradictions.of_depth(observation, seen.config.machine.tool):
        return state, (), unread
    claim = seen.claim
    wrong = state.depth_failed or state.contradicted
    if claim is None:
        return state, (), STRIP if wrong else "place: no depth is on record there"
    claimed_m = claim.depth_m - (state.depth_bias_m if claim.trial else 0.0)
    by, less_m = _by(observation), claimed_m - observation.value
    # A claim made while the reading was due holds more back than those to come will: the sensor is judged without that.
    shown_m = less_m + _held_back_m(state, claim)
    doubt_m = max(ROD_LEAST_M, ROD_SIGMAS * (observation.sigma or 0.0))
    good = Order(kind=Knowledge.DEPTH, good=True, by=by, at_number=claim.number)
    less = replace(good, good=False)
    down_s, swept_m2 = measured.worked_by(state, seen.at_ns, (state.down_s, seen.swept_m2))
    read = replace(
        measured.proven(state, Knowledge.DEPTH, seen.at_ns),
        depth_known=True,
        depth_failed=False,
        depth_from_m2=max(state.depth_from_m2, swept_m2),
        depth_from_s=max(state.depth_from_s, down_s),
    )
    fault = _unproven(state, Knowledge.DEPTH, observation, seen) or _read_too_early(claim, seen)
    told = f"depth reading: {observation.value:.3f} m where {claimed_m:.3f} m were claimed"
    if wrong and not claim.trial:
        # Old ground can fall by it, and is no way back.
        bias_m = less_m + doubt_m if less_m <= DEPTH_WRONG_M else 0.0
        return (state, (replace(less, reason=told, bias_m=bias_m),), "") if less_m > 0.0 else (state, (), STRIP)
    found_m = less_m if wrong else shown_m
    bias_m = state.depth_bias_m + (found_m + doubt_m if found_m > 0.0 else 0.0)
    if wrong and bias_m > BIAS_MAX_M:
        return state, (), "the sensor is off by over 0.2 m: mend it"
    if wrong or (less_m <= 0.0 and bias_m <= BIAS_MAX_M):
        return (state, (), fault) if fault else (replace(read, depth_bias_m=bias_m, depth_odd=0), (good,), "")
    odd = state.depth_odd + (1 if state.depth_bias_m > 0.0 and shown_m > DEPTH_UNEXPLAINED_M else 0)
    if shown_m > DEPTH_WRONG_M or odd >= ODD_MAX or bias_m > BIAS_MAX_M:
        proof = () if fault else (good,)
        orders = (replace(less, reason=told),) if less_m > 0.0 else proof
        state = measured.doubted(state, seen.t_ns, Knowledge.DEPTH)
        return replace(state, depth_failed=True, depth_known=False, depth_odd=odd), orders, ""
    order = replace(less, reason=told, bias_m=less_m + doubt_m)
    # One that cannot be placed takes away what it found, and another reading is due.
    kept = replace(state, depth_known=False) if fault else read
    return replace(kept, depth_bias_m=bias_m, depth_odd=odd), (order,) if fault else (order, good), ""


def _held_back_m(state: ChecksState, claim: Claim) -> float:
    """By how much more than now the claim stays below what the sensor read, for a reading was due when it was made.

    What is taken off now counts: a claim that was made with less taken off shows that much less of the sensor's error.
    """
    if claim.trial:
        return 0.0
    if state.due.depth and claim.number > state.depth_due_number:
        return DUE_M
    earlier = (row for row in state.depth_due_before if row.first_number <= claim.number <= row.last_number)
    now_m = state.depth_bias_m
    more_m = (DUE_M + (now_m if row.bias_m is None else row.bias_m) - now_m for row in earlier)
    return max((0.0, *more_m))


def _unread(observation: Observation) -> str:
    """Why this is no depth reading."""
    if not contradictions.says_where(observation.text):
        return "text: say where from: arm, strip or behind"
    if observation.lat_deg is None:
        return "place: a depth reading says where"
    if observation.sigma is not None and observation.sigma > DEPTH_SIGMA_M:
        return "sigma above 0.03 m: read five points anew"
    return ""


def _read_too_early(claim: Claim, seen: Seen) -> str:
    """A rod tells of ground as the tool left it before."""
    return "read before the tool worked there" if seen.number is not None and claim.number > seen.number else ""


def _hammers(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """Counted by position: `missing 3 17` in the text names the tracks, 1 = outermost right.

    What is missing is missing from the last good count to now; that the rest is there, nobody knows after the count.
    """
    tool = seen.config.machine.tool
    missing = tool.hammer_count - int(observation.value)
    if tool.hammer_count == 0:
        return state, (), f"this {tool.kind} has no hammers in its profile"
    if missing < 0:
        return state, (), f"the profile has {tool.hammer_count} hammers"
    hammers = tool.hammers
    places = named_tracks(observation.text)
    if any(not 1 <= place <= hammers.tracks for place in places):
        return state, (), f"text: tracks of hammers are 1 to {hammers.tracks}"
    by = _by(observation)
    fault = contradictions.of_count(observation, missing) or _unproven(state, Knowledge.HAMMERS, observation, seen)
    if missing == 0 and fault:
        return state, (), fault
    down_s, _ = measured.worked_by(state, seen.at_ns, (state.down_s, 0.0))
    since_ns = measured.failed_since_ns(state, Knowledge.HAMMERS, seen.at_ns)
    counted = replace(
        measured.proven(state, Knowledge.HAMMERS, seen.at_ns) if missing == 0
        else measured.doubted(state, seen.t_ns, Knowledge.HAMMERS),
        hammers_known=True, hammers_missing=missing, hammers_from_s=max(state.hammers_from_s, down_s),
        shocked=bool(fault) and state.shocked, hammers_struck=bool(fault) and state.hammers_struck,
        depth_known=state.depth_known and missing == state.hammers_missing,
    )  # fmt: skip
    good = Order(
        kind=Knowledge.HAMMERS, good=True, by=by, closing=seen.at_ns is not None and not fault, at_number=seen.number
    )
    if missing == 0 or tool.hammer_stripe_m == 0.0:
        return counted, (good,), ""
    reason = f"{missing} of {tool.hammer_count} hammers missing"
    lost = tuple(
        Order(
            kind=Knowledge.HAMMERS,
            good=False,
            by=by,
            reason=f"{reason}, track {place}",
            across_m=stripe,
            since_t_ns=since_ns,
        )
        for place in places
        if (stripe := _stripe_m(seen.config, place))
    )
    which = "text names more" if len(places) > missing else "nobody says which"
    whole = (Order(kind=Knowledge.HAMMERS, good=False, by=by, reason=f"{reason}, {which}", since_t_ns=since_ns),)
    named = all_named(hammers, missing, places) and len(places) <= missing
    return counted, (*(lost if named else whole), good), ""


def _stripe_m(config: VehicleConfig, place: int) -> tuple[float, float]:
    """What a missing hammer may leave unstruck, left of the tool's middle: its track, or as measured if that is wider.

    The cells know where they lay by the tool's believed place: k sigma, the margin and half a cell come on either side.
    """
    tool, mission = config.machine.tool, config.mission
    pitch_m = tool.width_m * max(1, tool.hammers_per_track) / tool.hammer_count
    middle_m = -0.5 * tool.width_m + (place - 0.5) * pitch_m
    width_m = pitch_m if tool.hammer_stripe_m is None else max(tool.hammer_stripe_m, 0.0)
    reach_m = 0.5 * width_m + STRIPE_DOUBT_M + 0.75 * mission.cell_m
    return middle_m - reach_m, middle_m + reach_m


STRIPE_DOUBT_M: Final = 0.1
"""k sigma at RTK fixed (6.4 cm) and 3.6 cm that the checks of a MEMATT leave open (3.4 to 3.9 of the flails).

The credit is drawn in by 3 sigma and that bound (8.2 to 8.7 cm): a withdrawal reaches further than what was claimed.
"""


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


def _note(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """Soil and moisture make a depth reading due, work on the machine its full check; those begin and end by note."""
    first = observation.text.lower()
    for words, act in _ACTS.items():
        if first.startswith(words):
            return act(state, observation, seen)
    if first.startswith(SOIL_WORDS):
        state = replace(measured.doubted(state, seen.t_ns, Knowledge.DEPTH), depth_known=False)
    if first.startswith(MACHINE_WORDS):
        state = replace(state, calibration_due=True)
    return state, (), ""


def _begin(state: ChecksState, _observation: Observation, _seen: Seen) -> Judged:
    return replace(state, machine=MachineCheck(under_way=True)), (), ""


def _end(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """What it found holds from now on; what was credited before was credited with the margin of then."""
    if not observation.who.strip():
        return state, (), measured.NAMELESS
    if not state.machine.under_way:
        return state, (), "no full check is under way: full check begins"
    found = machine_check.full(state.machine, state.calibration, seen.config.machine)
    if isinstance(found, str):
        return state, (), found
    made = replace(found, made_utc=str(observation.time_utc_us or ""))
    order = Order(kind=Knowledge.CALIBRATION, good=True, by=_by(observation))
    state = replace(
        state,
        calibration=made,
        calibration_due=False,
        calibration_failed=False,
        machine_struck=False,
        machine=MachineCheck(now=state.machine.now),
    )
    return state, (order,), ""


def _bay(state: ChecksState, _observation: Observation, _seen: Seen) -> Judged:
    if state.calibration_due:
        return state, (), "the full check is due: make it first"
    if state.machine.now.fixes < machine_check.DAILY_FIXES:
        return state, (), "stand in the bay for half a minute first"
    return replace(state, calibration=machine_check.stored(state.calibration, state.machine.now)), (), ""


def _daily(state: ChecksState, observation: Observation, _seen: Seen) -> Judged:
    """Heading, tilt and place as they were stored; else what was credited since the last good check goes.

    What is off by more than the margin of a machine that nobody has checked is credited with no margin.
    """
    if state.calibration.bay is None:
        return state, (), "no bay is stored: park there and note bay"
    if state.machine.now.fixes < machine_check.DAILY_FIXES:
        return state, (), "stand in the bay for half a minute first"
    wrong = machine_check.daily(state.machine.now, state.calibration)
    if not wrong and not observation.who.strip():
        return state, (), measured.NAMELESS
    order = Order(
        kind=Knowledge.CALIBRATION,
        good=not wrong,
        by=_by(observation),
        reason=wrong,
        flags=7,
    )
    failed = state.calibration_failed or machine_check.beyond(state.machine.now, state.calibration, Calibration())
    struck = state.machine_struck and bool(wrong)
    due = state.calibration_due or bool(wrong)
    return replace(state, calibration_due=due, calibration_failed=failed, machine_struck=struck), (order,), ""


_ACTS: Final[dict[str, _Judge]] = {
    "full check begins": _begin,
    "full check ends": _end,
    "daily check": _daily,
    "bay": _bay,
}


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


def _told_of_people(act: Callable[[PeopleState, Observation, Around, Moment], people.Told]) -> _Judge:
    """A sign-in, or an act of a hand-over: it changes who is named, and no check."""

    def judge(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
        at = Moment(t_ns=seen.t_ns, utc_us=seen.utc_us)
        after, rows, fault = act(state.people, observation, seen.around, at)
        return replace(state, people=after), rows, fault

    return judge


def _by(observation: Observation) -> str:
    return f"{observation.who or 'nobody named'} (station {observation.station_id})"


_KINDS: Final[dict[ObservationKind, _Judge]] = {
    ObservationKind.BENCHMARK_CHECK: _base,
    ObservationKind.DEPTH_CHECK: _depth,
    ObservationKind.HAMMER_COUNT: _hammers,
    ObservationKind.DETONATION_CLASS: _detonation,
    ObservationKind.FIND: _find,
    ObservationKind.NOTE: _note,
    ObservationKind.SHIFT_DONE: _shift,
    ObservationKind.SHIFT_NOT_DONE: _shift,
    ObservationKind.SKIP_SWATH: _skip,
    ObservationKind.SIGN_IN: _told_of_people(people.sign_in),
    ObservationKind.HAND_OVER_OFFER: _told_of_people(people.offer),
    ObservationKind.HAND_OVER_READ: _told_of_people(people.read),
    ObservationKind.HAND_OVER_SIGN: _told_of_people(people.sign),
}
