"""Silent errors of machine and base, size by kind: what is credited falsely before the next check, and after it.

`python -m benchmarks.checks [KIND ...]`. A swath is worked with every check made at its beginning; the error comes with
the first metre and stays. Then the check that bounds it is made as the manual has it: the daily check in the bay, a
rover on a control point, a rod in the ground, a count of hammers. Areas are in m2 against the simulator's truth.
"""

import math
import sys
from collections.abc import Callable

import msgspec

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationKind
from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_S
from vehicle.control.checks import machine_check
from vehicle.control.checks_state import Calibration, MachineCheck, Stand
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState

WORK_S = 60.0
BAY_S = 31.0
Strike = Callable[[FaultScenario, float], None]


class Row(msgspec.Struct, frozen=True):
    """One run: truly processed and credited ground, false credit before the check and after it, what was said."""

    kind: str
    size: float
    credited_m2: float
    false_before_m2: float
    left_m2: float
    false_after_m2: float
    said: str


def heading(drill: FaultScenario, size: float) -> None:
    """Degrees that the antenna baseline was turned by."""
    drill.world.gnss.heading_jump_rad = math.radians(size)


def roll(drill: FaultScenario, size: float) -> None:
    """Radians by which the tilt sensor leans."""
    drill.world.imu.tilt_offset_rad = (size, 0.0)


def lever(drill: FaultScenario, size: float) -> None:
    """Metres by which the antenna sits further left."""
    drill.world.gnss.lever_off_m = (0.0, size)


def depth(drill: FaultScenario, size: float) -> None:
    """Metres that the depth sensor reads too deep."""
    drill.world.tool_sensors.depth_offset_m = size


def drift(drill: FaultScenario, size: float) -> None:
    """Centimetres a minute by which the base creeps, across the swath."""
    off_m = size / 100.0 / 60.0 * TICK_S
    east_m, north_m = drill.world.gnss.jump_m
    drill.world.gnss.jump_m = (east_m - 0.3 * off_m, north_m + 0.95 * off_m)


def hammers(drill: FaultScenario, size: float) -> None:
    """Hammers that break off."""
    if not drill.world.flail.lost_hammers:
        drill.world.flail.lose_hammers(int(size))


SWEEP: dict[str, tuple[Strike, tuple[float, ...]]] = {
    "heading offset [deg]": (heading, (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0)),
    "roll offset [rad]": (roll, (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)),
    "lever arm [m]": (lever, (0.01, 0.02, 0.04, 0.06, 0.10)),
    "depth offset [m]": (depth, (0.01, 0.02, 0.03, 0.05, 0.07, 0.10)),
    "base drift [cm/min]": (drift, (0.5, 1.0, 2.0, 3.0)),
    "hammers lost": (hammers, (1, 2, 3, 6)),
}


def bay(seed: int, strike: Strike, size: float) -> tuple[Stand, Stand]:
    """Half a minute in the parking bay without the error, and with it; the same ground, other noise."""
    drill, stands = FaultScenario(FaultScenarioSettings(seed=seed)), []
    for error in (nothing, strike):
        state = drill.state
        checks = msgspec.structs.replace(state.checks, machine=MachineCheck())
        drill.process.loop.state = msgspec.structs.replace(state, checks=checks)
        for _ in range(round(BAY_S / TICK_S)):
            error(drill, size)
            drill.step()
        stands.append(drill.state.checks.machine.now)
    return stands[0], stands[1]


def nothing(_drill: FaultScenario, _size: float) -> None:
    """No error."""


def worked(seed: int, strike: Strike, size: float, work_s: float = WORK_S) -> FaultScenario:
    """A swath with the error from its first metre on; the operator starts again after every stop."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed)).drive(Goal.MISSION)
    drill.until((Mode.AUTO_WORK,), 30.0)
    drill.run(4.0)
    strike(drill, size)
    for _ in range(round(work_s / TICK_S)):
        if strike in EVERY_TICK:
            strike(drill, size)
        drill.step()
    return drill.drive(Goal.REST).run(3.0)


def checked(drill: FaultScenario, strike: Strike, size: float, seed: int) -> tuple[LedgerState, str]:
    """The ledger after the check that bounds this kind."""
    if strike in (heading, roll, lever):
        stored, now = bay(seed + 100, strike, size)
        wrong = machine_check.daily(now, machine_check.stored(Calibration(), stored))
        order = Order(kind=Knowledge.CALIBRATION, good=not wrong, reason=wrong, by="bay", flags=7)
        return settled(drill, order), wrong or "daily check good"
    return observed(drill, *observation(drill, strike))


def settled(drill: FaultScenario, *orders: Order) -> LedgerState:
    """The ledger once these orders are through the map."""
    config, state = drill.parts.config, drill.state
    ledger = withdrawal.ordered(state.ledger, orders, config.mission.required_depth_m, drill.now_ns)
    return withdrawal.done(msgspec.structs.replace(ledger, run=None), config.mission.cell_m)


def observation(drill: FaultScenario, strike: Strike) -> tuple[Observation, ...]:
    """What the team measures."""
    base = Observation(
        station_id=9, session_id=drill.state.session_id, sequence=1, kind=ObservationKind.NOTE, who="team"
    )
    changed = msgspec.structs.replace
    if strike is drift:
        off_m = math.hypot(*drill.world.gnss.jump_m)
        return (changed(base, kind=ObservationKind.BENCHMARK_CHECK, value=off_m),)
    if strike is hammers:
        lost = drill.world.flail.lost_hammers
        count = drill.parts.config.machine.tool.hammer_count
        text = "missing " + " ".join(str(hammer + 1) for hammer in lost)
        return (changed(base, kind=ObservationKind.HAMMER_COUNT, value=float(count - len(lost)), text=text),)
    found = []
    for sequence, (east_m, north_m, depth_m) in enumerate(PLACES[-30::10], start=1):
        lat_deg, lon_deg, _ = drill.state.datum.geodetic_from_enu(east_m, north_m, 0.0)
        place = changed(base, kind=ObservationKind.DEPTH_CHECK, sequence=sequence, value=depth_m, text="arm")
        found.append(changed(place, lat_deg=lat_deg, lon_deg=lon_deg))
    return tuple(found)


PLACES: list[tuple[float, float, float]] = []


def observed(drill: FaultScenario, *told: Observation) -> tuple[LedgerState, str]:
    """Sent over the air, judged by the vehicle; the ledger once it is through the map."""
    for observation_ in told:
        drill.radio.station.write(adapters.encode_observation(observation_))
        drill.run(0.5)
    while drill.state.ledger.pending:
        drill.step()
    acts = [type(act).__name__.lower() for act in drill.state.ledger.acts]
    return drill.state.ledger, ", ".join(acts)


def row(kind: str, size: float, seed: int, work_s: float = WORK_S) -> Row:
    """One run."""
    strike = SWEEP[kind][0]
    PLACES.clear()
    watch = strike if strike is not depth else remembering
    drill = worked(seed, watch, size, work_s)
    false_before_m2 = drill.truth.false_credit_m2(drill.state.ledger)
    credited_m2 = drill.state.ledger.credited_m2
    ledger, said = checked(drill, strike, size, seed)
    return Row(kind, size, credited_m2, false_before_m2, ledger.credited_m2, drill.truth.false_credit_m2(ledger), said)


def remembering(drill: FaultScenario, size: float) -> None:
    """The depth sensor's error, and where the tool truly was how deep."""
    depth(drill, size)
    true = drill.world.truth()
    if true.depth_m > 0.05 and drill.ticks % 25 == 0:
        (left_east, left_north), (right_east, right_north) = true.tool_left_m, true.tool_right_m
        PLACES.append(((left_east + right_east) / 2.0, (left_north + right_north) / 2.0, true.depth_m))


EVERY_TICK = (drift, remembering)


def main() -> None:
    """All kinds, or those named."""
    wanted = sys.argv[1:] or list(SWEEP)
    print(f"{'kind':22s} {'size':>6s} {'credited':>9s} {'false':>7s} {'left':>7s} {'false':>7s}  check")
    for kind, (_, sizes) in SWEEP.items():
        if not any(word in kind for word in wanted):
            continue
        for number, size in enumerate(sizes):
            found = row(kind, size, seed=11 + number)
            print(
                f"{kind:22s} {size:6g} {found.credited_m2:9.2f} {found.false_before_m2:7.4f} {found.left_m2:7.2f} "
                f"{found.false_after_m2:7.4f}  {found.said}",
                flush=True,
            )


if __name__ == "__main__":
    main()
