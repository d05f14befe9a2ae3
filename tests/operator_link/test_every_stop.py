"""After every stop reason of the table a station of every kind is brought back to motion, by its own acts and in order.

A stop is put into the gate as if its cause had come and gone, so that every reason is had; causes that really strike
are those of the table of faults. In between nothing moves, and an arming alone never leads out.
"""

import msgspec
import pytest

from campaign.faults import FAULTS
from tests.campaign.cases import CASES, Case
from tests.marks import every
from tests.operator_link.drill_station import ARM, DRIVING, DrillStation
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level, Recovery, Rule, StopReason
from vehicle.contracts.stop_reasons import RULES

pytestmark = pytest.mark.slow
MODES = {Level.STOP: Mode.STOPPING, Level.FAULT: Mode.FAULT, Level.ESTOP: Mode.ESTOP}
STOPS = [rule for rule in RULES if Level.STOP in (rule.level, rule.auto_level) or rule.level > Level.STOP]


class Kind(msgspec.Struct, frozen=True):
    """`by_bit`: it sends a disarm only while the heartbeat says armed; `tries`: an act is said so often."""

    name: str
    by_bit: bool
    joystick: bool = False
    tries: int = 1


KINDS = (
    Kind("QGroundControl", by_bit=True, joystick=True),
    Kind("Mission Planner, dronekit, mavctl", by_bit=True),
    Kind("MAVProxy, mavutil, node-mavlink", by_bit=False),
    Kind("MAVSDK, mavkit", by_bit=False, joystick=True, tries=3),
)


def say(station: DrillStation, kind: Kind, arm: float) -> None:
    """Arm or disarm as the kind does, until an answer comes."""
    since = station.tick
    for number in range(kind.tries):
        if not station.acks(ARM, since):
            station.command(ARM, arm, confirmation=number)
            station.run(0.5)


def brought_back(station: DrillStation, kind: Kind, *, visit: bool) -> bool:
    """Hands off; arm once in vain; somebody at the machine where that is due; disarm, arm, drive."""
    station.held, station.throttle = False, 1500
    station.run(0.8)
    assert not station.moving
    assert station.armed_bit, "whoever goes by the bit would be locked out"
    say(station, kind, 1.0)
    station.run(1.0)
    assert station.mode not in (Mode.READY, *DRIVING), "an arming led out of a stop"
    for _ in range(4):
        if visit:
            station.drill.visit()
            station.run(0.5)
            station.run(4.0)  # what turns comes to rest
        if station.armed_bit or not kind.by_bit:
            say(station, kind, 0.0)
        station.until(Mode.DISARMED, seconds=1.0)
        station.run(0.6)
        if not station.armed_bit:
            break
    assert not station.armed_bit, station.texts()[-3:]
    station.drill.start_engine()
    since = station.tick
    say(station, kind, 1.0)
    station.run(1.0)
    assert [result for _, result in station.acks(ARM, since)] == [0], station.texts(since)
    station.held = True
    return station.until(Mode.MANUAL, seconds=4.0)


def stopped(station: DrillStation, rule: Rule) -> None:
    """As if the cause had struck and was gone."""
    loop = station.drill.process.loop
    gate, bit = loop.state.gate, 1 << StopReason[rule.name.upper()]
    latched = bit if rule.recovery in (Recovery.ACKNOWLEDGE, Recovery.MACHINE) else 0
    mode = MODES.get(rule.level, Mode.STOPPING)
    changed = msgspec.structs.replace(
        gate,
        mode=mode,
        shown=gate.shown | bit,
        latched=gate.latched | latched,
        latch_tick=loop.state.tick,
        stop_tick=loop.state.tick,
        reset_due=True,
        neutral_seen=False,
        estop_latched=rule.name == "estop_console",
    )
    loop.state = msgspec.structs.replace(loop.state, gate=changed)


def driving(kind: Kind, seed: int = 3) -> DrillStation:
    station = DrillStation(seed=seed)
    station.joystick = kind.joystick
    station.run(1.0)
    station.arm()
    station.run(3.0)
    assert station.drives()
    station.held = True
    assert station.until(Mode.MANUAL)
    return station


@pytest.mark.parametrize("kind", every(2, KINDS), ids=lambda kind: kind.name)
@pytest.mark.parametrize("rules", [pytest.param(STOPS, marks=pytest.mark.release, id="all"), None])
def test_every_reason_of_the_table_is_left_again(kind: Kind, rules: list[Rule] | None) -> None:
    """Each reason by one kind of station; before a release each by every kind."""
    station = driving(kind)
    for rule in rules or STOPS[KINDS.index(kind) :: len(KINDS)]:
        stopped(station, rule)
        assert brought_back(station, kind, visit=rule.level >= Level.FAULT), rule.name
    assert station.drives()


MACHINE = [
    case
    for case in CASES
    if case.scene in ("manual", "slow") and case.stop_s is not None and not case.fault.startswith(("radio", "console"))
]
OWN = (
    "process",
    "stick",
    "stop_",
    "estop_pressed",
    "second_",
    "take_",
    "uplink",
    "downlink",
    "link_",
    "video",
    "replay",
    "clone",
)


STRUCK = [case for case in MACHINE if not case.fault.startswith(OWN)]


@pytest.mark.parametrize("case", every(8, STRUCK), ids=lambda case: case.name)
def test_a_fault_of_the_machine_is_left_again(case: Case) -> None:
    kind = KINDS[hash(case.rows) % 2]
    station = driving(kind)
    station.held, station.throttle = True, 1800
    station.run(1.5)
    fault = FAULTS[case.fault]
    fault.inject(station.drill, case.strength)
    for _ in range(round(case.hold_s * 50)):
        if fault.act is not None:
            fault.act(station.drill, case.strength)
        station.step()
    fault.heal(station.drill)
    assert station.mode not in DRIVING, station.mode
    assert brought_back(station, kind, visit=True)
