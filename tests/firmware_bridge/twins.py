"""The controller twin and the C reference through the same random history, frame by frame and step by step.

`python -m tests.firmware_bridge.twins --histories 100000 [--jobs 2] [--first 0]`: both must send the same statuses. The
machine behind them is ideal; contacts, dead encoders, damaged stamps, cut wires and hosts that restart are not.
"""

import argparse
import ctypes
import functools
import math
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.ports import MemoryPort
from firmware_bridge.types import ControllerFlag, ControllerStatus
from sim.controller import ControllerParams, ControllerTwin
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailParams, FlailPlant
from sim.ground import GroundParams, PlaneGround
from sim.sensors import SensorParams, ToolSensors
from tests.firmware_bridge.controller_bench import HASH, Bench, Config, config, load
from vehicle.config.load import load_machine
from vehicle.config.machine import MachineConfig
from vehicle.config.machine_parts import EngineConfig
from vehicle.contracts.units import NS_PER_MS

EVENTS = 60
CRANK_MAX_MS = 2000
START = 4
ENGINE_RADPS = (0.0, 0.0, 0.0, -4.0, 5.0, 5.5, 20.0, 60.0, 61.0, 105.0, float("nan"))
STEPS_MS = (1, 5, 10, 10, 10, 20, 20, 50)
ACCEL_MPS2, DECEL_MPS2, TOP_MPS, ROTOR_RADPS, ROTOR_ACCEL_RADPS2 = 0.4713, 0.9317, 1.03, 101.3, 49.7
"""No ramp made of these meets the brakes' 0.05 m/s on its way down."""
PEAKS_G = (0.0, 0.5, 6.0, 6.0, 18.0, 120.0, float("inf"), float("nan"))
SAME = ("state", "flags", "fault_bits", "command_sequence", "command_age_ms")
BRAKE_ON = int(ControllerFlag.BRAKE_ON)
CLOSE = {"applied_left_mps": 1e-4, "applied_right_mps": 1e-4, "applied_rotor_radps": 1e-2}
NAN = float("nan")
WRAP_MS = 1 << 32
FLAGS = (0, 0, 0, 0, 0, 1, 1, 2, 4, 8, 16, 32, 32, 33, 48, 64, 128)


@functools.cache
def profile() -> MachineConfig:
    """The figures of `reference()` as a machine's profile."""
    machine = load_machine("memat")
    speed_mps = TOP_MPS / 1.05
    tracks = {
        "transit_speed_mps": speed_mps,
        "reverse_speed_mps": speed_mps,
        "pivot_rate_degps": 1e-12,
        "accel_mps2": ACCEL_MPS2,
        "decel_mps2": DECEL_MPS2,
    }
    working_radps = ROTOR_RADPS / 1.05
    tool = {
        "rotor_speed_rpm": working_radps * 30.0 / 3.141592653589793,
        "spin_up_s": working_radps / ROTOR_ACCEL_RADPS2,
    }
    return machine.model_copy(
        update={
            "tracks": machine.tracks.model_copy(update=tracks),
            "tool": machine.tool.model_copy(update=tool),
            "engine": EngineConfig(console_start=True, crank_s=CRANK_MAX_MS / 1000.0),
        }
    )


def reference() -> Config:
    """The same for the C side. Its own detectors of a machine that is not ideal stay quiet."""
    return config(
        track_speed_max_mps=TOP_MPS,
        track_accel_mps2=ACCEL_MPS2,
        track_decel_mps2=DECEL_MPS2,
        rotor_speed_max_radps=ROTOR_RADPS,
        rotor_accel_radps2=ROTOR_ACCEL_RADPS2,
        crank_max_ms=CRANK_MAX_MS,
    )


class Pair:
    """Both controllers, fed alike; the C side's clock began at `offset_ms`."""

    def __init__(self, library: ctypes.CDLL, offset_ms: int) -> None:
        self.offset_ms, self.now_ms = offset_ms, 0
        self.bench = Bench(library, reference(), now_ms=offset_ms)
        self.bench.ideal = False
        self.sensors = ToolSensors(SensorParams(), seed=1)
        machine = profile()
        flail = FlailPlant(machine.tool, 9000.0, FlailParams(), PlaneGround(GroundParams(), seed=1), seed=1)
        self.host, port = MemoryPort.pair(1 << 20)
        self.engine = EnginePlant(machine.body.power_w)
        self.turn_engine(0.0)
        self.twin = ControllerTwin(
            port,
            machine,
            self.sensors,
            flail,
            self.engine,
            config_hash=HASH,
            params=ControllerParams(boot_s=0.0, handshake=True, whole_steps=True),
        )
        self.dead: set[str] = set()
        self._reader = adapters.MessageReader(adapters.HOST_DECODERS)
        self.twin.receive(0)
        self.host.read()
        self._heard = 0

    def hear(self, c_side: bytes, twin_side: bytes) -> None:
        self.bench.receive(c_side)
        self.host.write(twin_side)
        self.twin.receive(self.now_ms * NS_PER_MS)

    def step(self, ms: int) -> None:
        """Time passes; the machine follows at once."""
        before_ms, bench, twin = self.now_ms, self.bench, self.twin
        self.now_ms += ms
        bench.step(ms=ms)
        twin.control(before_ms * NS_PER_MS, self.now_ms * NS_PER_MS)
        twin.receive(self.now_ms * NS_PER_MS)
        out, own = bench.out, twin.outputs
        measured = (out.track_left_mps, out.track_right_mps, out.rotor_speed_radps)
        names = ("left", "right", "rotor")
        left, right, rotor = (NAN if name in self.dead else value for name, value in zip(names, measured, strict=True))
        bench.inputs.track_left_mps, bench.inputs.track_right_mps, bench.inputs.rotor_speed_radps = left, right, rotor
        bench.inputs.brake_contact = not out.brake_release
        measured = (own.left_mps, own.right_mps, own.rotor_radps)
        left, right, rotor = (NAN if name in self.dead else value for name, value in zip(names, measured, strict=True))
        self.sensors.left_mps, self.sensors.right_mps, self.sensors.rotor_radps = left, right, rotor

    def turn_engine(self, speed_radps: float) -> None:
        """The engine turns so fast from now on, whatever either side does about it."""
        self.engine.speed_radps = self.bench.inputs.engine_speed_radps = speed_radps

    def contact(self, name: str, on: bool) -> None:
        """The emergency stop chain (on: open), fire, shock, oil; or the reset button pressed and let go."""
        inputs, twin = self.bench.inputs, self.twin
        if name == "chain":
            inputs.estop_chain_closed, twin.estop_chain_open = not on, on
        elif name == "button":
            inputs.reset_button = True
            twin.reset_at_machine()
            self.step(1)
            inputs.reset_button = False
        else:
            setattr(inputs, name, on)
            setattr(twin, name, on)

    def differences(self) -> list[str]:
        """What the new statuses of both disagree in."""
        ours = [m for m in self._reader.feed(self.host.read()) if isinstance(m, ControllerStatus)]
        theirs = [m for m in self.bench.sent[self._heard :] if m[""] == "FLAIL_STATUS"]
        self._heard = len(self.bench.sent)
        if len(ours) != len(theirs):
            return [f"{len(ours)} statuses against {len(theirs)}"]
        lines = [line for own, other in zip(ours, theirs, strict=True) for line in compare(own, other, self.offset_ms)]
        out, own = self.bench.out, self.twin.outputs
        for name, left, right in (
            ("brake", own.brake, not out.brake_release),
            ("horn", own.horn, out.horn),
            ("beacon", own.beacon, out.beacon),
            ("suppression", own.suppression, out.suppression),
            ("gnss_restart", own.gnss_restart, out.gnss_restart),
            ("starter", self.engine.cranking, out.engine_mode == START),
        ):
            if left is not right:
                lines.append(f"{name}: twin {left}, reference {right}")
        return lines


def compare(own: ControllerStatus, other: dict[str, Any], offset_ms: int) -> list[str]:
    """Twin's against reference's, field by field."""
    lines = []
    if (own.time_ms + offset_ms) % WRAP_MS != other["time_boot_ms"]:
        lines.append(f"time {own.time_ms} + {offset_ms}: {other['time_boot_ms']}")
    for name in SAME:
        mask = ~BRAKE_ON if name == "flags" else -1  # a contact, which follows its output by a step
        if int(getattr(own, name)) & mask != other[name] & mask:
            lines.append(f"{name}: twin {getattr(own, name)!r}, reference {other[name]}")
    if not (
        own.shock_peak_g == other["shock_peak"] or (math.isnan(own.shock_peak_g) and math.isnan(other["shock_peak"]))
    ):
        lines.append(f"shock_peak: twin {own.shock_peak_g}, reference {other['shock_peak']}")
    for name, within in CLOSE.items():
        wire = name.rsplit("_", 1)[0]
        if abs(getattr(own, name) - other[wire]) > within:
            lines.append(f"{name}: twin {getattr(own, name)}, reference {other[wire]}")
    return lines


class Host:
    """Whoever sends: mostly like a gate, sometimes late, damaged, restarted, or somebody else."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.sequence = rng.choice([0, 1, 70_000, WRAP_MS - 3])
        self.habit: dict[str, Any] = {}

    def hello(self, pair: Pair) -> None:
        version = 2 if self.rng.random() < 0.9 else self.rng.choice([0, 1, 3])
        chash = HASH if self.rng.random() < 0.9 else b"otherone"
        data = codec.encode_fields("FLAIL_HELLO", {"protocol_version": version, "config_hash": chash}, 0, 1, 1)
        pair.hear(data, data)

    def crank(self, pair: Pair, ticks: int) -> None:
        """Asks for the starter as a gate does: still, with brakes, in good time."""
        self.habit = {"track_left": 0.0, "track_right": 0.0, "rotor_speed": 0.0, "valid_for_ms": 150, "engine_mode": 1}
        for tick in range(ticks):
            self.sequence = (self.sequence + 1) % WRAP_MS
            wish = START if tick > ticks // 3 else 1
            if tick == 2 * ticks // 3 and self.rng.random() < 0.4:
                pair.turn_engine(self.rng.choice(ENGINE_RADPS))
            for_both = self.habit | {"flags": 1, "sequence": self.sequence, "engine_mode": wish}
            pair.hear(*stamped(pair, for_both, pair.now_ms))
            pair.step(20)

    def command(self, pair: Pair) -> None:
        rng = self.rng
        self.sequence = (self.sequence + rng.choice([1, 1, 1, 1, 1, 2, 0, -1, 1 << 31])) % WRAP_MS
        if rng.random() < 0.3 or not self.habit:
            self.habit = {
                "track_left": rng.choice([0.0, 0.0, 0.0, 0.021, 0.27, -0.27, 1.0, 4.0]),
                "rotor_speed": rng.choice([0.0, 0.0, 0.0, 41.0, -41.0, 290.0]),
                "valid_for_ms": rng.choice([150, 150, 150, 150, 260, 60, 10, 0]),
                "engine_mode": rng.choice([0, 0, 1, 2, 3, START]),
            }
            self.habit["track_right"] = self.habit["track_left"] * rng.choice([1.0, 1.0, 0.5, -1.0, 0.0])
        wrong = {
            "valid_for_ms": 261, "track_left": NAN, "track_right": 5.1, "rotor_speed": 301.0, "tool_mode": 3,
            "engine_mode": START + 1,
        }  # fmt: skip
        odd = {name: wrong[name] for name in [rng.choice(list(wrong))]} if rng.random() < 0.04 else {}
        old_ms = rng.choice([0, 0, 0, 20, 20, 60, 140, 149, 150, 160, 400, -1, -30]) if rng.random() < 0.3 else 0
        flags = rng.choice(FLAGS) if rng.random() < 0.3 else 0
        fields = {"flags": flags, "sequence": self.sequence, "tool_mode": rng.choice([0, 0, 1, 2])} | self.habit | odd
        if rng.random() < 0.25:
            fields |= {"track_left": 0.0, "track_right": 0.0, "rotor_speed": 0.0}
        pair.hear(*stamped(pair, fields, max(0, pair.now_ms - old_ms)))


def stamped(pair: Pair, fields: dict[str, Any], stamp_ms: int) -> tuple[bytes, bytes]:
    """One command for both, each with the stamp of its own clock."""
    c_side, twin_side = (
        codec.encode_fields("FLAIL_COMMAND", fields | {"controller_time_ms": (stamp_ms + offset_ms) % WRAP_MS}, 0, 1, 1)
        for offset_ms in (pair.offset_ms, 0)
    )
    return c_side, twin_side


def history(library: ctypes.CDLL, seed: int) -> list[str]:
    """One random history; gives the first difference with what led to it, or nothing."""
    rng = random.Random(seed)
    pair = Pair(library, rng.choice([0, 1_000, WRAP_MS - 700, WRAP_MS - 1]))
    host = Host(rng)
    if rng.random() < 0.95:
        host.hello(pair)
    done = [f"history {seed}"]
    for _ in range(EVENTS):
        act = event(rng, pair, host)
        done.append(f"{pair.now_ms} ms: {act}")
        found = pair.differences()
        if found:
            return [*done, *found]
    return []


def event(rng: random.Random, pair: Pair, host: Host) -> str:
    """One thing happens to both; gives what."""
    draw = rng.random()
    if draw < 0.62:
        ticks = rng.choice([1, 1, 3, 10])
        for _ in range(ticks):
            host.command(pair)
            pair.step(rng.choice(STEPS_MS))
        return f"{ticks} commands, the last {host.habit}"
    if draw < 0.66:
        ticks = rng.choice([6, 90, 200])
        host.crank(pair, ticks)
        return f"{ticks} commands, the last two thirds ask for the starter"
    if draw < 0.69:
        speed_radps = rng.choice(ENGINE_RADPS)
        pair.turn_engine(speed_radps)
        pair.step(10)
        return f"engine at {speed_radps} rad/s"
    if draw < 0.86:
        for ms in rng.choice([(1,), (10, 10), (50,) * 3, (20,) * 8, (50,) * 12]):
            pair.step(ms)
        return "silence"
    if draw < 0.90:
        host.hello(pair)
        if rng.random() < 0.5:
            host.sequence = 0
        return "hello"
    if draw < 0.93:
        name = rng.choice(["left", "right", "rotor"])
        pair.dead ^= {name}
        pair.step(10)
        return f"encoder {name} dies or comes back"
    name = rng.choice(["chain", "button", "button", "fire", "shock", "peak", "oil_pressure_low"])
    on = rng.random() < 0.4
    if name == "peak":
        pair.bench.inputs.shock_peak_g = pair.twin.shock_peak_g = rng.choice(PEAKS_G)
        pair.step(rng.choice(STEPS_MS))
        return f"the shock input measures {pair.twin.shock_peak_g:g} g"
    pair.contact(name, on)
    pair.step(10)
    return f"{name} {on}"


def run(seeds: range) -> list[str]:
    """All differences of these histories, one text each."""
    library = load()
    return ["\n".join(found) for seed in seeds if (found := history(library, seed))]


def main() -> int:
    """Run them; 1 where both ever differed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--histories", type=int, default=100_000)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args()
    load()
    last = chosen.first + chosen.histories
    pieces = [range(at, min(at + 500, last)) for at in range(chosen.first, last, 500)]
    differing: list[str] = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for found in pool.map(run, pieces):
            differing += found
    for text in differing[:3]:
        sys.stderr.write(text + "\n")
    sys.stdout.write(f"{chosen.histories} histories of {EVENTS} events: {len(differing)} differ\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
