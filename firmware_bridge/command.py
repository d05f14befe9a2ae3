"""The only frame that moves the machine. Only `vehicle/control/safety/gate.py` may import this constructor.

import-linter checks this (see pyproject.toml): whoever can build an `ActuatorCommand` can move a machine of 12 t.
"""

import msgspec

from firmware_bridge.types import EngineMode, ToolMode


class ActuatorCommand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A lease: set-points that hold for `valid_for_ms` at the controller, which then stops by itself.

    Track speeds are of the belt [m/s], positive forward. `tool_value_m` is a height above or a depth below the
    undisturbed ground, according to `tool_mode`. `brake` asks for the parking brake once |v| < 0.05 m/s. `reset` clears
    latches of the controller whose cause has ended; it counts only with all set-points zero, and starts nothing.
    `gnss_restart`: at its rising edge the receiver fixes anew. `controller_time_ms`: newest stamp of the controller's
    clock that the host had when it made the command; 0 before the first.
    """

    sequence: int
    tick: int
    valid_for_ms: int
    track_left_mps: float
    track_right_mps: float
    rotor_speed_radps: float
    tool_mode: ToolMode
    tool_value_m: float
    engine: EngineMode
    brake: bool
    horn: bool = False
    beacon: bool = False
    suppression: bool = False
    kill: bool = False
    reset: bool = False
    gnss_restart: bool = False
    controller_time_ms: int = 0
