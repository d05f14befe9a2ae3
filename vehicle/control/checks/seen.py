"""What an observation is judged against, and what a judgement gives."""

import math
from collections.abc import Callable

import msgspec

from firmware_bridge.types import Observation
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts import by_machine
from vehicle.contracts.ledger_types import Claim, Knowledge, Observed, Order
from vehicle.contracts.plan import Plan
from vehicle.control.checks import measured
from vehicle.control.checks.people import Around
from vehicle.control.checks_state import ChecksState


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What an observation is judged against. `claim`: the record's at its place, None where it has none.

    `swept_m2`: ground that was ever worked.
    `utc_us`: the time as the vehicle's receiver has it, None where it has none; `t_ns`: that of the tick.
    `at_ns`: when it was measured, at the earliest, and `number`: the newest stroke by then; None: nobody knows.
    `sigma_m`: of the depth sensor, as it says itself; inf where it says none.
    `newest`: the newest stroke of all; `read_numbers`: strokes at which a depth reading was good.
    `plan`: the one that is held. `around`: what sign-in, hand-over and a mark of the machine are judged by.
    """

    config: VehicleConfig
    claim: Claim | None
    swept_m2: float
    utc_us: int | None = None
    t_ns: int = 0
    at_ns: int | None = None
    number: int | None = None
    sigma_m: float = math.inf
    newest: int = 0
    read_numbers: tuple[int, ...] = ()
    plan: Plan | None = None
    around: Around = Around()


Judged = tuple[ChecksState, tuple[Order | Observed, ...], str]
"""What is known now, what the ledger is told besides the observation, and why it was refused ("" = recorded)."""


Judge = Callable[[ChecksState, Observation, Seen], Judged]


def unproven(state: ChecksState, kind: Knowledge, observation: Observation, seen: Seen) -> str:
    """Why a good check proves nothing; "" if it does."""
    return measured.unproven(state, kind, observation, seen.at_ns, seen.utc_us)


def off_the_mark(observation: Observation, seen: Seen) -> str:
    """Why a mark that the machine stood on says nothing of where it stands now; "" if it does, or is none."""
    if observation.lat_deg is None or not by_machine.of_machine(observation.text):
        return ""
    return measured.off_the_mark(seen.at_ns, seen.around.stands_t_ns)


def by_of(observation: Observation) -> str:
    """Return who measured it, for the record."""
    return f"{observation.who or 'nobody named'} (station {observation.station_id})"
