"""Stop latency over the whole operator link in virtual time: drive, let the link fail in a shape, count.

Latency counts from the creation of the last operator's frame that the gate held in force to the end of the tick in
which the controller is no longer told to move. A trial is a function of shape and seed.
"""

import math
import zlib

import msgspec

from benchmarks.trials.link_shapes import Act, Shape
from benchmarks.trials.linked_scenario import LinkedFaultScenario, Stop
from campaign.fault_scenario import FaultScenarioSettings
from campaign.sim_operator import Goal
from sim.noise import generator
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_S

LATENCY_MAX_MS = 500.0
SHAPE_S = 4.0
"""A shape that has not stopped the machine by then (a little latency, a wide channel) ends in a total loss."""
CALM_TICKS = 25
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
SCENES = ("slow", "fast", "mission")


def run_trial(name: str, shape: Shape, seed: int) -> Stop:
    """One trial."""
    draw = generator(seed, f"link trial {zlib.crc32(name.encode())}")
    scene = SCENES[int(draw.choice(3, p=(0.45, 0.45, 0.1)))]
    short = scene == "fast"
    drill = LinkedFaultScenario(
        FaultScenarioSettings(
            seed=seed,
            slope_deg=float(draw.uniform(0.0, 10.0)),
            slope_bearing_deg=float(draw.uniform(0.0, 359.0)),
            delay_ms=float(draw.uniform(3.0, 8.0 if short else 40.0)),
            jitter_ms=float(draw.uniform(0.0, 1.0 if short else 5.0)),
        )
    )
    if scene == "mission":
        drill.drive(Goal.MISSION)
    else:
        drill.drive(Goal.MANUAL, float(draw.uniform(0.4, 1.0) if short else draw.uniform(0.1, 0.26)))
    for _ in range(1500):
        if drill.watch.setpoint_mps > 0.02 and drill.mode in DRIVING:
            break
        drill.step()
    drill.run(float(draw.uniform(0.1, 1.0)))
    if draw.random() < 0.3:  # rows 8 and 9 beside the failure
        drill.up.params = msgspec.structs.replace(drill.up.params, duplicate_ratio=0.3, reorder_ratio=0.2)
    speed_mps = drill.watch.setpoint_mps
    _fail(drill, shape(drill, draw, drill.now_ns))
    return Stop(
        shape=name,
        seed=seed,
        scene=scene,
        latency_ms=drill.watch.latency_ms if speed_mps > 0.0 else math.nan,
        speed_mps=speed_mps,
        breaches=tuple(f"{breach.name}: {breach.text}" for breach in drill.watch.finish()),
    )


def _fail(drill: LinkedFaultScenario, act: Act | None) -> None:
    """Until the set-point has been zero for half a second; a total loss where the shape did not stop it."""
    calm, ticks = 0, 0
    while calm < CALM_TICKS and ticks < (SHAPE_S + 3.0) / TICK_S:
        if ticks == round(SHAPE_S / TICK_S):
            drill.up.cut = drill.down.cut = True
        elif act is not None and ticks < SHAPE_S / TICK_S:
            act(ticks)
        drill.step()
        ticks += 1
        stopped = drill.watch.setpoint_mps < 1e-6 and drill.mode not in DRIVING
        calm = calm + 1 if stopped else 0


def is_late(stop: Stop) -> bool:
    """Late, or it never drove or never stopped: NaN is late."""
    return not stop.latency_ms <= LATENCY_MAX_MS
