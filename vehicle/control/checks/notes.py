"""What becomes of a note: acts that a note tells of, and words that make a check due.

An act is told by its own words alone, whatever their case: `daily check`, `bay`, `full check begins`, `full check
ends`; more words stand behind a colon (`daily check: in the rain`). A note that only begins like one is a note.
"""

from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation
from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.control.checks import full_check, machine_check, measured
from vehicle.control.checks.seen import Judge, Judged, Seen, by_of
from vehicle.control.checks_state import Calibration, ChecksState

SOIL_WORDS: Final = ("soil", "moisture")
MACHINE_WORDS: Final = ("antenna", "mast", "tool", "imu", "transport")
"""Notes that begin with one of these words make checks due: see docs/OPERATION.md."""


def note(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """Soil and moisture make a depth reading due, work on the machine its full check; those begin and end by note."""
    act = ACTS.get(act_of(observation.text))
    if act is not None:
        return act(state, observation, seen)
    first = observation.text.strip().casefold()
    if first.startswith(SOIL_WORDS):
        state = replace(measured.doubted(state, seen.t_ns, Knowledge.DEPTH), depth_known=False)
    if first.startswith(MACHINE_WORDS):
        state = replace(state, calibration_due=True)
    return state, (), ""


def act_of(text: str) -> str:
    """Return what stands before the first colon, in small letters, with one space between words."""
    return " ".join(text.partition(":")[0].split()).casefold()


def _begin(state: ChecksState, _observation: Observation, _seen: Seen) -> Judged:
    return replace(state, machine=replace(state.machine, under_way=True, stands=())), (), ""


def _end(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """What it found holds from now on; what was credited before was credited with the margin of then."""
    if not observation.who.strip():
        return state, (), measured.NAMELESS
    if not state.machine.under_way:
        return state, (), "no full check is under way: full check begins"
    found = full_check.full(state.machine, state.calibration, seen.config.machine)
    if isinstance(found, str):
        return state, (), found
    made = replace(found, made_utc=str(observation.time_utc_us or ""))
    order = Order(kind=Knowledge.CALIBRATION, good=True, by=by_of(observation))
    state = replace(
        state,
        calibration=made,
        calibration_due=False,
        calibration_failed=False,
        machine_struck=False,
        machine=replace(state.machine, under_way=False, stands=()),
    )
    return state, (order,), ""


def _bay(state: ChecksState, observation: Observation, _seen: Seen) -> Judged:
    """A bay is stored once after a full check: stored again and again it would follow what becomes wrong slowly."""
    if not observation.who.strip():
        return state, (), measured.NAMELESS
    if state.calibration_due:
        return state, (), "the full check is due: make it first"
    if state.calibration.bay is not None:
        return state, (), "a bay is stored; another: full check first"
    if fault := machine_check.unfit(state.machine) or machine_check.changed(state.machine):
        return state, (), fault
    return replace(state, calibration=machine_check.stored(state.calibration, state.machine.now)), (), ""


def _daily(state: ChecksState, observation: Observation, _seen: Seen) -> Judged:
    """Heading, tilt and place as they were stored; else what was credited since the last good check goes.

    What is off by more than the margin of a machine that nobody has checked is credited with no margin. What is right
    now and was not when the machine came in says nothing good of the way it worked.
    """
    if state.calibration.bay is None:
        return state, (), "no bay is stored: park there and note bay"
    if fault := machine_check.unfit(state.machine):
        return state, (), fault
    wrong = machine_check.daily(state.machine.now, state.calibration)
    fault = "" if observation.who.strip() else measured.NAMELESS
    if not wrong and (fault := fault or machine_check.changed(state.machine)):
        return state, (), fault
    order = Order(
        kind=Knowledge.CALIBRATION,
        good=not wrong,
        by=by_of(observation),
        reason=wrong,
        flags=7,
    )
    failed = state.calibration_failed or machine_check.beyond(state.machine.now, state.calibration, Calibration())
    struck = state.machine_struck and bool(wrong)
    due = state.calibration_due or bool(wrong)
    return replace(state, calibration_due=due, calibration_failed=failed, machine_struck=struck), (order,), ""


ACTS: Final[dict[str, Judge]] = {
    "full check begins": _begin,
    "full check ends": _end,
    machine_check.DAILY: _daily,
    "bay": _bay,
}
