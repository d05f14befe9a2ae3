"""Codec beside pymavlink, in one run and interleaved: `python benchmarks/codec.py [--json]`.

Same dialect, same mixed frames, 64-byte chunks, every message decoded to its values on both sides. CPU time of this
process, median of rounds. The ratios are the gate; microseconds depend on the machine.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from firmware_bridge.mavlink import codec, generate
from firmware_bridge.mavlink.framing import FRAME_SIZE_MAX, FrameParser
from firmware_bridge.mavlink.signature import key_of, sign
from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.tables import SPEC_BY_NAME, SPECS

KINDS = {"parse": 4.0, "parse_signed": 3.0, "encode": 3.0}
"""What is timed, and how many times faster than pymavlink it must be."""
CHUNK = 64
COUNT = 4_000
ROUNDS = 9
STATION = 250
KEY = key_of("benchmark")
MIX: dict[str, dict[str, Any]] = {
    "HEARTBEAT": {
        "type": 10, "autopilot": 3, "base_mode": 81, "custom_mode": 10, "system_status": 4, "mavlink_version": 3,
    },
    "ATTITUDE": {
        "time_boot_ms": 99, "roll": 0.1, "pitch": 0.2, "yaw": 0.3, "rollspeed": 0.4, "pitchspeed": 0.5, "yawspeed": 0.6,
    },
    "GLOBAL_POSITION_INT": {
        "time_boot_ms": 99, "lat": 541234567, "lon": 96543219, "alt": 31250, "relative_alt": 12, "vx": 28, "vy": 3,
        "vz": 1, "hdg": 14321,
    },
    "MANUAL_CONTROL": {"target": 1, "x": 700, "y": -300, "z": 0, "r": 20, "buttons": 5},
}  # fmt: skip


def frames(count: int) -> list[bytes]:
    """The mix in order, sequence counting."""
    names = list(MIX)
    return [codec.encode_fields(names[i % 4], MIX[names[i % 4]], i, 1, 1) for i in range(count)]


def chunks(stream: bytes) -> list[bytes]:
    """As they come from a wire."""
    return [stream[at : at + CHUNK] for at in range(0, len(stream), CHUNK)]


def cpu_us(work: Callable[[], object], count: int) -> float:
    """CPU microseconds a message, once through."""
    start_ns = time.process_time_ns()
    work()
    return (time.process_time_ns() - start_ns) / 1e3 / count


def parse_ours(pieces: list[bytes]) -> int:
    """Frames found, each decoded."""
    parser, found = FrameParser(), 0
    for piece in pieces:
        for frame in parser.feed(piece):
            codec.decode(SPECS[frame.msg_id], frame.payload)
            found += 1
    return found


def parse_theirs(oracle: ModuleType, pieces: list[bytes], key: bytes | None = None) -> int:
    """Messages that pymavlink finds; BAD_DATA does not count. With a key only signed ones, verified by it."""
    link, found = oracle.MAVLink(None), 0
    link.robust_parsing, link.signing.secret_key = True, key
    for piece in pieces:
        messages = link.parse_buffer(piece)
        if messages:
            found += sum(message.get_type() != "BAD_DATA" for message in messages)
    return found


def parse_signed(pieces: list[bytes]) -> int:
    """Frames found whose signature, stream and stamp held, each decoded."""
    parser, found, judge = FrameParser(), 0, vehicle_verifier()
    for piece in pieces:
        for frame in parser.feed(piece):
            if not judge.verify(frame.signed, "serial", 0).verdict:
                codec.decode(SPECS[frame.msg_id], frame.payload)
                found += 1
    return found


def vehicle_verifier() -> Verifier:
    """As a vehicle holds it: one station, room reserved on disk."""
    verifier = Verifier({STATION: (KEY,)}, {}, 0, 0, lambda: 0.5)
    verifier.made_durable(verifier.wanted(0))
    return verifier


def signed_frames(count: int) -> list[bytes]:
    """The mix, each frame stamped above the one before, inside the vehicle's window."""
    names = list(MIX)
    first = 1
    plain = ((names[i % 4], codec.encode_fields(names[i % 4], MIX[names[i % 4]], i, STATION, 1)) for i in range(count))
    return [sign(frame, SPEC_BY_NAME[name].seed, KEY, 0, first + i) for i, (name, frame) in enumerate(plain)]


def encoders(oracle: ModuleType) -> tuple[Callable[[], None], Callable[[], None]]:
    """Ours and theirs: COUNT frames of the mix from values at hand."""
    sender = oracle.MAVLink(None, srcSystem=1, srcComponent=1)
    by_name = {cls.msgname: cls for cls in oracle.mavlink_map.values()}
    ours = [
        (SPEC_BY_NAME[name], tuple(fields[f] for f in SPEC_BY_NAME[name].fields if f in fields))
        for name, fields in MIX.items()
    ]
    ours = [(spec, (*values, *(0,) * (len(spec.fields) - len(values)))) for spec, values in ours]
    theirs = [
        (cls, [MIX[name][f] for f in cls.fieldnames if f in MIX[name]]) for name, cls in by_name.items() if name in MIX
    ]

    def encode_ours() -> None:
        for i in range(COUNT // 4):
            for spec, values in ours:
                codec.encode(spec, values, i, 1, 1)

    def encode_theirs() -> None:
        for _ in range(COUNT // 4):
            for cls, arguments in theirs:
                cls(*arguments).pack(sender)

    return encode_ours, encode_theirs


def noisy(seed: int) -> tuple[bytes, int]:
    """Intact frames, one in ten behind a stray marker and up to seven bytes."""
    rng, stream = random.Random(seed), bytearray()
    sent = frames(COUNT)
    for frame in sent:
        if rng.random() < 0.1:
            stream += b"\xfd" + rng.randbytes(rng.randint(0, 7))
        stream += frame
    return bytes(stream) + b"\0" * FRAME_SIZE_MAX, len(sent)


def measure(oracle: ModuleType) -> dict[str, float]:
    """All figures."""
    pieces = chunks(b"".join(frames(COUNT)))
    if parse_ours(pieces) != COUNT or parse_theirs(oracle, pieces) != COUNT:
        raise RuntimeError("a clean stream was not read completely; the figures would mean nothing")
    encode_ours, encode_theirs = encoders(oracle)
    signed = chunks(b"".join(signed_frames(COUNT)))
    if parse_signed(signed) != COUNT or parse_theirs(oracle, signed, KEY) != COUNT:
        raise RuntimeError("a clean signed stream was not read completely; the figures would mean nothing")
    rows: dict[str, list[float]] = {f"{name}{by}": [] for name in KINDS for by in ("", "_pymavlink")}
    for _ in range(ROUNDS):
        rows["parse"].append(cpu_us(lambda: parse_ours(pieces), COUNT))
        rows["parse_pymavlink"].append(cpu_us(lambda: parse_theirs(oracle, pieces), COUNT))
        rows["parse_signed"].append(cpu_us(lambda: parse_signed(signed), COUNT))
        rows["parse_signed_pymavlink"].append(cpu_us(lambda: parse_theirs(oracle, signed, KEY), COUNT))
        rows["encode"].append(cpu_us(encode_ours, COUNT))
        rows["encode_pymavlink"].append(cpu_us(encode_theirs, COUNT))
    figures = {f"{name}_us": statistics.median(values) for name, values in rows.items()}
    stream, sent = noisy(7)
    return figures | {
        **{f"{name}_ratio": figures[f"{name}_pymavlink_us"] / figures[f"{name}_us"] for name in KINDS},
        "recovered_ratio": parse_ours(chunks(stream)) / sent,
        "recovered_pymavlink_ratio": parse_theirs(oracle, chunks(stream)) / sent,
    }


def main() -> int:
    """Print the table; exit 1 where a budget is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = arguments.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(generate.load_module(generate.run_mavgen(Path(folder)), "flail_oracle"))
    if as_json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28s} {value:8.3f}")
    met = figures["recovered_ratio"] == 1.0 and all(figures[f"{name}_ratio"] >= least for name, least in KINDS.items())
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
