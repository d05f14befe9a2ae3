"""How each stop comes about that no single fault in motion brings about, for whoever then does what its row names.

A plant takes the operator of a scene to the stop. What its row asks of other people (a repair, a machine that goes
away, a configuration that is corrected) is done by `settled` before the operator's first act.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from firmware_bridge.types import OperatorEdge
from tests.campaign.scenes import SCENES
from tests.campaign.test_borders import fenced, front_m, unproven
from tests.campaign.test_rings import Other, ringed
from tests.campaign.text_operator import TextOperator
from tests.campaign.text_reader import Row
from vehicle.contracts.messages import Mode


class Planted(NamedTuple):
    """`plant`: to the stop, on the scene. `settled`: what others do about it."""

    scene: str
    plant: Callable[[TextOperator], None]
    settled: Callable[[TextOperator], None] = lambda _: None


def rests() -> FaultScenario:
    """Disarmed, its engine idle."""
    return FaultScenario().run(3.0)


SCENES_HERE = {**SCENES, "rests": rests}


# --- after a stop ------------------------------------------------------------------------------------------------
def stopped_first(person: TextOperator) -> None:
    person.press(OperatorEdge.STOP)
    assert person.until_mode((Mode.HOLD,), 5.0)


def lasting(person: TextOperator, fault: str, strength: float, seconds: float) -> None:
    FAULTS[fault].inject(person.drill, strength)
    person.run(seconds)
    FAULTS[fault].heal(person.drill)


def slid(person: TextOperator) -> None:
    stopped_first(person)
    lasting(person, "slides_braked", 0.4, 1.0)


def in_a_stop(person: TextOperator, fault: str, strength: float, seconds: float) -> None:
    """It is there before the stop, and lasts."""
    FAULTS[fault].inject(person.drill, strength)
    person.press(OperatorEdge.STOP)
    person.run(seconds)
    FAULTS[fault].heal(person.drill)


def ran_on(person: TextOperator) -> None:
    in_a_stop(person, "track_stuck", 0.3, 2.0)


def slid_on(person: TextOperator) -> None:
    in_a_stop(person, "slides_braked", 0.5, 6.0)


def kept_turning(person: TextOperator) -> None:
    in_a_stop(person, "rotor_stuck_on", 40.0, 7.0)


def shown_turning(person: TextOperator) -> None:
    """The rotor's sensor shows for 14 s more what it showed at work."""
    sensors = person.drill.world.tool_sensors
    sensors.rotor_frozen = True
    stopped_first(person)
    person.run(14.0)
    sensors.rotor_frozen = False


# --- the program and its configuration -------------------------------------------------------------------------------
def killed(person: TextOperator) -> None:
    lasting(person, "process_killed", 1.0, 2.0)


def again_and_again(person: TextOperator) -> None:
    for _ in range(4):
        person.drill.process.dead = True
        person.run(0.3)
        person.drill.process.restart()
        person.run(2.0)


def started(person: TextOperator, **changes: float) -> None:
    """The program's end, and its start with these settings."""
    person.drill.process.dead = True
    loop = person.drill.process.loop
    safety = loop.state.config.safety.model_copy(update=changes)
    loop.state = msgspec.structs.replace(loop.state, config=loop.state.config.model_copy(update={"safety": safety}))
    person.run(0.5)
    person.drill.process.restart()
    person.run(2.0)


def in_maintenance(person: TextOperator) -> None:
    started(person, maintenance=True)


def beyond_the_limits(person: TextOperator) -> None:
    started(person, slow_speed_mps=0.5)


def corrected(person: TextOperator) -> None:
    started(person, slow_speed_mps=0.3)


def unused(person: TextOperator) -> None:
    person.hands_off()
    person.run(62.0)


# --- the controller --------------------------------------------------------------------------------------------------
def limited(person: TextOperator) -> None:
    """A controller with limits of its own, slower than the machine's."""
    outputs = person.drill.world.controller.outputs
    belt_max_mps, outputs._belt_max_mps = outputs._belt_max_mps, 0.05
    person.hands.hold_stuck, person.hands.stick = True, 0.3
    person.run(3.0)
    outputs._belt_max_mps = belt_max_mps


def of_another_watchdog(person: TextOperator) -> None:
    controller = person.drill.world.controller
    controller._params = msgspec.structs.replace(controller._params, watchdog_ms=201)
    controller.reboot(person.drill.now_ns)
    person.run(2.0)


def of_this_watchdog(person: TextOperator) -> None:
    controller = person.drill.world.controller
    controller._params = msgspec.structs.replace(controller._params, watchdog_ms=200)
    controller.reboot(person.drill.now_ns)
    person.run(2.0)


def slow_line(person: TextOperator) -> None:
    person.drill.line.down_ticks = 12
    person.run(1.5)


def quick_line(person: TextOperator) -> None:
    person.drill.line.down_ticks = 0
    person.run(1.0)


def silent_line(person: TextOperator) -> None:
    """Commands are lost for so long that the controller stops by itself; what it says arrives."""
    person.drill.line.down_ticks = 30
    person.run(0.5)
    person.drill.line.down_ticks = 0
    person.run(0.5)


# --- rotor, place and ground -----------------------------------------------------------------------------------------
def too_weak(person: TextOperator) -> None:
    """START, and the rotor does not come up; then what held it is gone."""
    flail = person.drill.world.flail
    stopped_first(person)
    person.hands_off()
    person.run(4.0)
    flail.power_ratio = 0.0
    for edge in (OperatorEdge.RESET, OperatorEdge.ARM):
        person.press(edge)
    person.hands.hold_stuck = True
    person.run(0.5)
    person.press(OperatorEdge.MISSION_START)
    person.run(14.0)
    flail.power_ratio = 1.0


def drifted(person: TextOperator) -> None:
    state = person.drill.process.loop.state
    drift = msgspec.structs.replace(state.gate.monitor.drift, back_m=0.5)
    gate = msgspec.structs.replace(state.gate, monitor=msgspec.structs.replace(state.gate.monitor, drift=drift))
    person.drill.process.loop.state = msgspec.structs.replace(state, gate=gate)
    person.run(1.0)


def at_the_fence(person: TextOperator) -> None:
    fenced(person.drill, front_m(person.drill) + 1.0)
    assert person.until_mode((Mode.HOLD,), 30.0)


def before_the_unworked(person: TextOperator) -> None:
    """The tool leaves ground out over a rock, and the tracks come to it."""
    drill = person.drill
    unproven(drill, from_m=2.3, to_m=40.0)
    person.run(20.0)
    for _ in range(150):
        drill.world.flail.arm_m = max(drill.world.flail.arm_m, -0.05)
        person.run(0.02)
    assert person.until_mode((Mode.HOLD,), 30.0)


def met(person: TextOperator) -> None:
    """Another machine of the task comes near."""
    drill = ringed(person.drill)
    Other(drill, 60.0, -0.3).tell()
    person.run(0.5)
    for _ in range(4):
        Other(drill, 20.0).tell()
        person.run(0.5)


def parted(person: TextOperator) -> None:
    for _ in range(12):
        Other(person.drill, 300.0).tell()
        person.run(0.5)


PLANTED = {
    "moved_while_braked": Planted("manual", slid),
    "track_stuck": Planted("manual", ran_on),
    "runaway": Planted("manual", slid_on),
    "rotor_not_stopping": Planted("work", kept_turning),
    "rotor_stuck_on": Planted("work", shown_turning),
    "restarted_in_motion": Planted("work", killed),
    "boot_loop": Planted("manual", again_and_again),
    "config_envelope": Planted("rests", beyond_the_limits, corrected),
    "maintenance": Planted("rests", in_maintenance),
    "arm_unused": Planted("manual", unused),
    "setpoint_mismatch": Planted("manual", limited),
    "handshake": Planted("rests", of_another_watchdog, of_this_watchdog),
    "line_delay": Planted("manual", slow_line, quick_line),
    "controller_stopped": Planted("manual", silent_line),
    "rotor_spin_up": Planted("manual", too_weak),
    "position_drift": Planted("work", drifted),
    "fence": Planted("work", at_the_fence),
    "unprocessed_ground": Planted("work", before_the_unworked),
    "ring_overlap": Planted("work", met, parted),
}


def stopped_by(name: str) -> tuple[TextOperator, tuple[Row, ...]]:
    """The operator before this stop, and the rows on the screen."""
    planted = PLANTED[name]
    person = TextOperator(SCENES_HERE[planted.scene]())
    planted.plant(person)
    person.run(1.0)
    return person, person.shown
