"""A machine whose engine a console may start, at rest or in a step of the start."""

import copy
import functools
from typing import Any

from firmware_bridge.types import ControllerFlag, OperatorEdge
from tests.builders import config as memat
from tests.control.safety.rig import Rig
from vehicle.config.machine_parts import EngineConfig
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import EngineStart

E = OperatorEdge
OFF, ASKED, HELD = EngineStart.NONE, EngineStart.ASKED, EngineStart.HELD
WARNING, CRANKING = EngineStart.WARNING, EngineStart.CRANKING
HELD_TICKS, WARNING_TICKS, CRANK_TICKS, REST_TICKS, PAUSE_TICKS = 150, 250, 100, 1500, 15_000
STANDS: dict[str, Any] = {"engine_speed_radps": 0.0, "flags": ControllerFlag.BRAKE_ON}
NAN = float("nan")


def with_starter(**engine: Any) -> VehicleConfig:
    whole = memat()
    fitted = EngineConfig(**({"console_start": True, "crank_s": 2.0} | engine))
    return whole.model_copy(update={"machine": whole.machine.model_copy(update={"engine": fitted})})


@functools.cache
def rested() -> Rig:
    """Made once: five hundred ticks."""
    rig = Rig(with_starter())
    rig.status = dict(STANDS)
    rig.to_disarmed()
    rig.run(REST_TICKS - rig.tick)
    return rig


def again(rig: Rig) -> Rig:
    """Another one that goes on from there."""
    other = copy.copy(rig)
    for part in ("status", "gnss", "estimate", "wire", "controls"):
        setattr(other, part, dict(getattr(rig, part)))
    return other


def disarmed(config: VehicleConfig | None = None) -> Rig:
    """Disarmed under control, engine at rest, brakes on, and the starter has rested since the program began."""
    rig = again(rested())
    rig.config = config or rig.config
    return rig


def asked(rig: Rig) -> Rig:
    rig.press(E.ENGINE_START)
    assert rig.state.start is ASKED, rig.report.reasons
    return rig


def hold(rig: Rig, ticks: int) -> Rig:
    rig.run(ticks, hold_to_run=True)
    return rig


@functools.cache
def begun(step: EngineStart) -> Rig:
    """Made once for each step."""
    rig = asked(disarmed())
    if step is not ASKED:
        ticks = {HELD: 3, WARNING: HELD_TICKS + 4, CRANKING: HELD_TICKS + WARNING_TICKS + 4}[step]
        hold(rig, ticks)
    assert rig.state.start is step
    return rig


def at(step: EngineStart) -> Rig:
    """In this step for a few ticks."""
    return again(begun(step))
