"""When a measurement was made, on the vehicle's own clock, and what it can prove for that. Pure.

A measurement proves what was worked up to the moment at which it was made, and nothing after it. It is told later, by a
station whose clock is not the vehicle's: the moment is taken as early as it can have been. One that cannot be placed in
time confirms nothing before it was told; it opens.
"""

from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation
from vehicle.contracts import shift_state
from vehicle.contracts.ledger_types import Knowledge
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks_state import ChecksState
from vehicle.control.state import LedgerState

CLOCK_US: Final = 10_000_000
"""A station's clock, set by a network or by GNSS, is ahead of the receiver's by less than this; the leap seconds that a
receiver does not know yet count as known when it has a position by RTK."""
PROVEN_MAX: Final = 64
PAST_NS: Final = 10 * NS_PER_S
PAST_MAX: Final = 256
UNTIMED: Final = "time: say when it was measured"
MOVED: Final = "the machine has moved since: stand on the mark"
STAND: Final = "stand on the mark for 10 s, then measure again"
"""A station's clock may be ahead by so much: what it measured sooner may be of before the machine stood there."""
NAMELESS: Final = "who: name who measured"
BEFORE: Final = {
    Knowledge.BASE: "measured before the base failed or changed: again",
    Knowledge.DEPTH: "read before what made it due: read again",
    Knowledge.HAMMERS: "counted before the shock or loss: count again",
}


def ahead_us(state: ChecksState, observation: Observation, utc_us: int | None) -> ChecksState:
    """The state with what this observation shows of its station's clock: nothing is measured after it is told."""
    if utc_us is None or observation.time_utc_us is None:
        return state
    lead_us, station = observation.time_utc_us - utc_us, observation.station_id
    if not state.ahead_us.get(station, CLOCK_US) < lead_us <= shift_state.AHEAD_US:
        return state
    return replace(state, ahead_us=state.ahead_us | {station: lead_us})


def at_ns(state: ChecksState, observation: Observation, utc_us: int | None, now_ns: int) -> int | None:
    """Earliest moment of this start's clock at which it may have been made; None: nobody knows.

    It can lie before the start of the program, below 0 too.
    """
    return told_at_ns(state, observation.station_id, observation.time_utc_us, utc_us, now_ns)


def told_at_ns(state: ChecksState, station_id: int, told_us: int | None, utc_us: int | None, now_ns: int) -> int | None:
    """As `at_ns`, of the time that a station told."""
    if utc_us is None or told_us is None:
        return None
    return now_ns - (utc_us - min(told_us, utc_us) + state.ahead_us.get(station_id, CLOCK_US)) * 1000


def off_the_mark(moment_ns: int | None, stands_t_ns: int | None, clock_us: int = CLOCK_US) -> str:
    """Why a mark that the machine stood on says nothing of where it stands now; "" where it does.

    One whose moment nobody knows is one of now. `stands_t_ns`: since when it stands, None while it moves; `clock_us`:
    how far ahead the station's clock was taken to be.
    """
    if moment_ns is None or (stands_t_ns is not None and moment_ns >= stands_t_ns):
        return ""
    return MOVED if stands_t_ns is None or moment_ns + clock_us * 1000 < stands_t_ns else STAND


def number_at(ledger: LedgerState, moment_ns: int) -> int:
    """Number of the newest stroke that was surely made by then; 0 where none is known to have been."""
    if ledger.stroke is not None and ledger.stroke.t_ns <= moment_ns:
        return ledger.stroke.number
    return max((number for t_ns, number in ledger.marks if t_ns <= moment_ns), default=0)


def unproven(
    state: ChecksState, kind: Knowledge, observation: Observation, moment_ns: int | None, utc_us: int | None
) -> str:
    """Why a check that found nothing wrong proves nothing; "" where it does.

    A time that nobody told is accepted where the vehicle has none to hold it against, and then only opens.
    """
    if not observation.who.strip():
        return NAMELESS
    if moment_ns is None:
        return UNTIMED if utc_us is not None else ""
    since_ns = state.doubts_ns.get(kind.value)
    return BEFORE[kind] if since_ns is not None and moment_ns <= since_ns else ""


def doubted(state: ChecksState, now_ns: int, *kinds: Knowledge) -> ChecksState:
    """The state in which nothing that was measured before now says that these are good."""
    return replace(state, doubts_ns=state.doubts_ns | {kind.value: now_ns for kind in kinds})


def restored(state: ChecksState, now_ns: int) -> ChecksState:
    """The same; what a restart brought along as failed is in doubt until after it."""
    failed = (
        (Knowledge.BASE, state.base_failed),
        (Knowledge.DEPTH, state.depth_failed),
        (Knowledge.HAMMERS, state.hammers_struck or state.hammers_missing > 0),
    )
    new = [kind for kind, wrong in failed if wrong and kind.value not in state.doubts_ns]
    return doubted(state, now_ns, *new) if new else state


def proven(state: ChecksState, kind: Knowledge, moment_ns: int | None) -> ChecksState:
    """The state with one more moment at which this was measured and good."""
    if moment_ns is None:
        return state
    moments = sorted({*state.proven_ns.get(kind.value, ()), moment_ns})[-PROVEN_MAX:]
    return replace(state, proven_ns=state.proven_ns | {kind.value: tuple(moments)})


def failed_since_ns(state: ChecksState, kind: Knowledge, moment_ns: int | None) -> int | None:
    """Where a failed check begins to withdraw, if that is before the newest good one; None: after the newest.

    A good check that was made later, and told sooner, says nothing of the ground between the two before it.
    """
    moments = state.proven_ns.get(kind.value, ())
    if moment_ns is None or not moments or moment_ns >= moments[-1]:
        return None
    return max((good_ns for good_ns in moments if good_ns <= moment_ns), default=-(1 << 62))


def with_past(state: ChecksState, swept_m2: float, now_ns: int) -> ChecksState:
    """The state with how much was worked by now, every ten seconds; the longer ago the sparser.

    `swept_m2`: as the ledger has it. A withdrawal lowers that, and wears no hammer less: only what comes counts. A tick
    that withdraws more than it sweeps hides what it swept; a withdrawal is through after a second.
    """
    if swept_m2 != state.swept_m2:
        worked_m2 = state.worked_m2 + max(0.0, swept_m2 - state.swept_m2)
        state = replace(state, worked_m2=worked_m2, swept_m2=swept_m2)
    past, now = state.past, (state.down_s, state.worked_m2)
    if not past and now == (0.0, 0.0):
        return state
    if past and (now_ns - past[-1][0] < PAST_NS or past[-1][1:] == now):
        return state
    if len(past) >= PAST_MAX:
        past = (*past[: PAST_MAX // 2 : 2], *past[PAST_MAX // 2 :])
    return replace(state, past=(*past, (now_ns, *now)))


def worked_by(state: ChecksState, moment_ns: int | None, now: tuple[float, float]) -> tuple[float, float]:
    """Time with the tool down [s] and ground worked [m2] by then, at most; 0 where that is not known.

    `now`: both as they are now, for a moment that nobody knows.
    """
    if moment_ns is None:
        return now
    return next(
        ((down_s, worked_m2) for t_ns, down_s, worked_m2 in reversed(state.past) if t_ns <= moment_ns), (0.0, 0.0)
    )
