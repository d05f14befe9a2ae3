"""The C controller loaded into this process, driven through its real frames."""

import ctypes as c
import os
from pathlib import Path
from typing import Any

from benchmarks.controller_build import build_controller
from firmware_bridge.mavlink import codec, tables
from firmware_bridge.mavlink.framing import FrameParser

CONTROLLER = Path(__file__).resolve().parents[2] / "firmware_bridge" / "controller"
HASH = b"\x01\xfd\x03\x04\x05\x06\x07\x08"
CONTEXT = 0xC0FFEE
LIBRARY_VARIABLE = "FLAIL_CONTROLLER_LIBRARY"


class Config(c.Structure):
    _fields_ = [
        ("track_speed_max_mps", c.c_float),
        ("track_accel_mps2", c.c_float),
        ("track_decel_mps2", c.c_float),
        ("rotor_speed_max_radps", c.c_float),
        ("rotor_accel_radps2", c.c_float),
        ("rotor_still_radps", c.c_float),
        ("rotor_run_down_ms", c.c_uint32),
        ("tool_height_max_m", c.c_float),
        ("tool_depth_max_m", c.c_float),
        ("brake_time_ms", c.c_uint32),
        ("watchdog_ms", c.c_uint32),
        ("supply_min_v", c.c_float),
        ("supply_max_v", c.c_float),
        ("crank_max_ms", c.c_uint32),
        ("config_hash", c.c_uint8 * 8),
    ]


class Inputs(c.Structure):
    _fields_ = [
        *(
            (name, c.c_float)
            for name in (
                "track_left_mps", "track_right_mps", "rotor_speed_radps", "rotor_torque_nm", "tool_height_m", "depth_m",
                "depth_sigma_m", "engine_speed_radps", "engine_load_ratio", "hydraulic_pressure_pa",
                "hydraulic_temp_degc", "coolant_temp_degc", "supply_voltage_v", "fuel_ratio", "shock_peak_g",
            )
        ),
        ("depth_datum", c.c_uint8),
        *(
            (name, c.c_bool)
            for name in ("estop_chain_closed", "fire", "shock", "oil_pressure_low", "brake_contact", "reset_button")
        ),
    ]  # fmt: skip


class Outputs(c.Structure):
    _fields_ = [
        ("track_left_mps", c.c_float),
        ("track_right_mps", c.c_float),
        ("rotor_speed_radps", c.c_float),
        ("tool_value_m", c.c_float),
        ("valid_until_ms", c.c_uint32),
        ("tool_mode", c.c_uint8),
        ("engine_mode", c.c_uint8),
        *(
            (name, c.c_bool)
            for name in ("brake_release", "kill_release", "horn", "beacon", "suppression", "gnss_restart")
        ),
    ]


class Frame(c.Structure):
    _fields_ = [
        ("msg_id", c.c_uint32),
        *((name, c.c_uint8) for name in ("sequence", "system_id", "component_id", "length")),
        ("payload", c.c_uint8 * 255),
    ]


SEND = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(c.c_uint8), c.c_uint16)


def build(target: str = "all") -> Path:
    """Make the host build; gives the library."""
    build_controller(target)
    return CONTROLLER / "build" / ("." if target == "all" else target) / "libflail.so"


def load() -> c.CDLL:
    """The library under test: a mutated or instrumented one where the variable names it."""
    library = c.CDLL(os.environ.get(LIBRARY_VARIABLE) or str(build()))
    library.bench_node_size.restype = c.c_size_t
    library.bench_outputs.restype = c.POINTER(Outputs)
    library.bench_inputs.restype = c.POINTER(Inputs)
    library.fc_guard.restype = Outputs
    library.bench_parse.restype = c.c_size_t
    library.bench_state.restype = c.c_uint8
    library.bench_faults.restype = c.c_uint32
    return library


def config(**changes: Any) -> Config:
    values: dict[str, Any] = {
        "track_speed_max_mps": 1.0,
        "track_accel_mps2": 0.5,
        "track_decel_mps2": 1.0,
        "rotor_speed_max_radps": 100.0,
        "rotor_accel_radps2": 50.0,
        "rotor_still_radps": 5.0,
        "rotor_run_down_ms": 6000,
        "tool_height_max_m": 0.5,
        "tool_depth_max_m": 0.25,
        "brake_time_ms": 4000,
        "watchdog_ms": 200,
        "supply_min_v": 18.0,
        "supply_max_v": 32.0,
        "crank_max_ms": 2000,
        "config_hash": (c.c_uint8 * 8)(*HASH),
    }
    return Config(**values | changes)


class Bench:
    """One controller, a clock, and an ideal machine behind it until `ideal` is switched off."""

    def __init__(
        self,
        library: c.CDLL,
        settings: Config | None = None,
        now_ms: int = 1_000,
        watchdog_reset: bool = False,
        memory: Any = None,
    ) -> None:
        self.library, self.now_ms, self.ideal = library, now_ms, True
        self.node = memory or c.create_string_buffer(library.bench_node_size())
        self.sent: list[dict[str, Any]] = []
        self.sequence = 40
        self._parser = FrameParser()
        self._send = SEND(self._hear)
        self._settings = settings or config()
        library.fc_node_init(
            self.node, c.byref(self._settings), 17, watchdog_reset, c.c_uint32(now_ms), self._send, c.c_void_p(CONTEXT)
        )
        self.out: Outputs = library.bench_outputs(self.node).contents
        self.inputs: Inputs = library.bench_inputs(self.node).contents
        self.inputs.estop_chain_closed = True
        self.inputs.supply_voltage_v = 24.0
        self.inputs.brake_contact = True

    def _hear(self, context: int, data: Any, count: int) -> None:
        if context != CONTEXT:
            return  # not ours: an answer that goes there is an answer that is missed
        for frame in self._parser.feed(bytes(data[:count])):
            self.sent.append(codec.decode_fields(frame) | {"": tables.SPECS[frame.msg_id].name, "#": frame.sequence})

    @property
    def status(self) -> dict[str, Any]:
        return next(message for message in reversed(self.sent) if message[""] == "FLAIL_STATUS")

    def receive(self, data: bytes) -> None:
        self.library.fc_node_receive(self.node, data, c.c_size_t(len(data)), c.c_uint32(self.now_ms))

    def hello(self, config_hash: bytes = HASH, protocol_version: int = 2) -> None:
        fields = {"protocol_version": protocol_version, "config_hash": config_hash}
        self.receive(codec.encode_fields("FLAIL_HELLO", fields, 0, 1, 1))

    def command(self, **fields: Any) -> dict[str, Any]:
        """Send one with the next sequence (unless given) and 150 ms to live; gives the answer."""
        self.sequence = fields.pop("sequence", self.sequence + 1)
        wire = {"sequence": self.sequence & 0xFFFFFFFF, "valid_for_ms": 150, "controller_time_ms": self.now_ms} | fields
        answers = len(self.sent)
        self.receive(codec.encode_fields("FLAIL_COMMAND", wire, 0, 1, 1))
        assert len(self.sent) == answers + 1, "every command is answered at once, and once"
        return self.status

    def told(self, **fields: Any) -> bool:
        """The command straight to `fc_command`, without the step that follows on the wire; gives what it returned."""
        self.sequence = fields.pop("sequence", self.sequence + 1)
        spec = tables.SPEC_BY_NAME["FLAIL_COMMAND"]
        values = {"sequence": self.sequence, "valid_for_ms": 150, "controller_time_ms": self.now_ms} | fields
        wire = spec.packer.pack(*(values.get(name, 0) for name in spec.fields))
        self.library.fc_command.restype = c.c_bool
        return bool(self.library.fc_command(self.node, wire, c.c_uint32(self.now_ms)))

    def step(self, count: int = 1, ms: int = 10) -> None:
        for _ in range(count):
            self.now_ms = (self.now_ms + ms) & 0xFFFFFFFF
            self.library.fc_node_step(self.node, c.c_uint32(self.now_ms))
            if self.ideal:
                self.inputs.track_left_mps = self.out.track_left_mps
                self.inputs.track_right_mps = self.out.track_right_mps
                self.inputs.rotor_speed_radps = self.out.rotor_speed_radps
                self.inputs.brake_contact = not self.out.brake_release

    def drive(self, steps: int, **fields: Any) -> None:
        """Renew the same command before each step."""
        for _ in range(steps):
            self.command(**fields)
            self.step()

    def state(self) -> int:
        return int(self.library.bench_state(self.node))

    def faults(self) -> int:
        return int(self.library.bench_faults(self.node))

    def ready(self) -> "Bench":
        """Greeted, neutral seen, running at zero."""
        self.hello()
        self.step()
        self.command()
        self.step()
        assert self.state() == 2
        return self
