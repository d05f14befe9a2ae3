"""The controller twin's handshake, and its status with the readings of its sensors."""

import math
from typing import NamedTuple, Protocol

from firmware_bridge.handshake import PROTOCOL_VERSION
from firmware_bridge.types import (
    ControllerFault,
    ControllerFlag,
    ControllerHello,
    ControllerState,
    ControllerStatus,
    DepthDatum,
)
from sim.controller_outputs import OutputStage
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailPlant
from sim.sensors import ToolSensors

FIRMWARE_VERSION = 0x0001_0000
ARM_ANGLE_SIGMA_M = 0.05
"""1-sigma of a depth from the arm's angle alone, on uneven ground."""
_FLAGS = tuple(ControllerFlag(bits) for bits in range(256))
"""Building an IntFlag from bits costs 1 us, a look-up 0.02."""
_TOOL_SENSOR = int(ControllerFault.TOOL_SENSOR)
_ROTOR_SENSOR = int(ControllerFault.ROTOR_SENSOR)
_LEFT_SENSOR, _RIGHT_SENSOR = int(ControllerFault.TRACK_LEFT_SENSOR), int(ControllerFault.TRACK_RIGHT_SENSOR)


class Counters(NamedTuple):
    """The counters of the firmware."""

    time_ms: int
    boot_count: int
    command_sequence: int
    command_age_ms: int
    status_count: int


class Contacts(Protocol):
    """State, switches and latches of the controller."""

    estop_chain_open: bool
    fire: bool
    shock_told: bool
    oil_pressure_low: bool
    shock_told_g: float

    @property
    def fault_bits(self) -> int:
        """Latched faults."""
        ...

    @property
    def state(self) -> ControllerState:
        """State of the state machine."""
        ...

    @property
    def lease_expired(self) -> bool:
        """Whether the last command reached the end of its life."""
        ...

    @property
    def killed(self) -> bool:
        """Whether the kill line is latched."""
        ...


def greeting(config_hash: bytes, watchdog_ms: int, boot_count: int) -> ControllerHello:
    """Return a FLAIL_HELLO."""
    return ControllerHello(
        protocol_version=PROTOCOL_VERSION,
        firmware_version=FIRMWARE_VERSION,
        config_hash=config_hash,
        watchdog_ms=watchdog_ms,
        boot_count=boot_count,
    )


def dead_encoders(sensors: ToolSensors) -> int:
    """Return the fault bits of encoders that read nothing; an encoder that reads zero is not noticed."""
    left = _LEFT_SENSOR if math.isnan(sensors.left_mps) else 0
    rotor = _ROTOR_SENSOR if math.isnan(sensors.rotor_radps) else 0
    return left | rotor | (_RIGHT_SENSOR if math.isnan(sensors.right_mps) else 0)


def compose(
    contacts: Contacts,
    counters: Counters,
    outputs: OutputStage,
    sensors: ToolSensors,
    flail: FlailPlant,
    engine: EnginePlant,
) -> ControllerStatus:
    """Return a FLAIL_STATUS. Without its depth sensor the depth is that of the arm's angle, and the datum says so."""
    lost = sensors.depth_lost
    return ControllerStatus(
        time_ms=counters.time_ms,
        boot_count=counters.boot_count,
        command_sequence=counters.command_sequence,
        state=contacts.state,
        flags=_flags(contacts, outputs),
        command_age_ms=counters.command_age_ms,
        track_left_mps=sensors.left_mps,
        track_right_mps=sensors.right_mps,
        applied_left_mps=outputs.left_mps,
        applied_right_mps=outputs.right_mps,
        rotor_speed_radps=sensors.rotor_radps,
        rotor_torque_nm=flail.drive_torque_nm,
        tool_height_m=flail.arm_m,
        depth_m=-flail.arm_m if lost else sensors.depth_m,
        depth_sigma_m=ARM_ANGLE_SIGMA_M if lost else sensors.depth_sigma_m,
        engine_speed_radps=engine.speed_radps,
        engine_load_ratio=engine.load_ratio,
        hydraulic_pressure_pa=engine.pressure_pa,
        hydraulic_temp_degc=engine.hydraulic_degc,
        coolant_temp_degc=engine.coolant_degc,
        supply_voltage_v=engine.supply_v,
        fault_bits=contacts.fault_bits | (_TOOL_SENSOR if lost else 0),
        applied_rotor_radps=outputs.rotor_radps,
        depth_datum=DepthDatum.ARM_ANGLE if lost else DepthDatum.GROUND_AHEAD,
        status_count=counters.status_count,
        fuel_ratio=engine.fuel_ratio,
        shock_peak_g=contacts.shock_told_g,
    )


def _flags(contacts: Contacts, outputs: OutputStage) -> ControllerFlag:
    bits = (
        (1 if contacts.estop_chain_open else 0)
        | (2 if contacts.fire else 0)
        | (4 if contacts.shock_told else 0)
        | (8 if contacts.oil_pressure_low else 0)
        | (16 if outputs.brake else 0)
        | (32 if contacts.killed else 0)
        | (64 if contacts.lease_expired else 0)
        | (128 if outputs.suppression else 0)
    )
    return _FLAGS[bits]
