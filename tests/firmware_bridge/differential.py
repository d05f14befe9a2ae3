"""The same bytes through the Python and the C side; what each makes of them must be equal."""

import ctypes
import json
import math
import random
import struct
from typing import Any

from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.framing import FRAME_SIZE_MAX, Frame, FrameParser, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from tests.firmware_bridge import golden
from tests.firmware_bridge.controller_bench import Bench
from tests.firmware_bridge.controller_bench import Frame as CFrame

ROWS: list[dict[str, Any]] = json.loads(golden.FILE.read_text(encoding="utf-8"))
KINDS = (
    "COMMAND",
    "STATUS",
    "IMU",
    "GNSS",
    "HELLO",
    "OPERATOR",
    "VEHICLE",
    "OBSERVATION",
    "OBSERVATION_RESULT",
    "NEIGHBOUR",
)
"""In the order of the C side's table."""
OURS = {SPEC_BY_NAME[f"FLAIL_{kind}"].msg_id: SPEC_BY_NAME[f"FLAIL_{kind}"].seed for kind in KINDS}
# of no dialect, but known to both parsers here: an id that needs all its 24 bits
WIDE = 0x37A0C5
OURS[WIDE] = b"\x5b"
WIDE_FRAME = frame_bytes((WIDE & 0xFFFF, WIDE >> 16), OURS[WIDE], b"twenty-four bits", 5, 6, 7)
INTACT = [bytes.fromhex(row["hex"]) for row in ROWS if row["message"].startswith("FLAIL_")]


def parse_python(pieces: list[bytes]) -> tuple[list[Frame], int]:
    parser = FrameParser(OURS)
    found = [frame for piece in pieces for frame in parser.feed(piece)]
    return [Frame(f.msg_id, f.sequence, f.system_id, f.component_id, f.payload) for f in found], parser.bad_frames


def parse_c(library: ctypes.CDLL, pieces: list[bytes], known_count: int = 11) -> tuple[list[Frame], int]:
    stream = b"".join(pieces)
    room = len(stream) // 12 + 1
    frames, bad = (CFrame * room)(), ctypes.c_uint32()
    cuts = (ctypes.c_size_t * len(pieces))(*map(len, pieces))
    count = library.bench_parse(
        ctypes.c_size_t(known_count),
        stream,
        cuts,
        ctypes.c_size_t(len(pieces)),
        frames,
        ctypes.c_size_t(room),
        ctypes.byref(bad),
    )
    found = [
        Frame(f.msg_id, f.sequence, f.system_id, f.component_id, bytes(f.payload[: f.length])) for f in frames[:count]
    ]
    return found, bad.value


def hostile_command(rng: random.Random) -> bytes:
    """A sound frame with a command in it that may be anything; each field is plausible, extreme or noise."""
    spec = SPEC_BY_NAME["FLAIL_COMMAND"]
    payload = bytearray(bytes.fromhex(ROWS[0]["hex"])[10:44])
    for _ in range(rng.randint(0, 2)):
        at = rng.choice([8, 12, 16, 20])
        payload[at : at + 4] = struct.pack("<f", rng.choice(EXTREMES))
    for at, limit in ((30, 130), (32, 4), (33, 5)):
        if rng.random() < 0.2:
            payload[at] = rng.choice([0, limit - 2, limit - 1, rng.randrange(256)])
    if rng.random() < 0.2:
        payload[28:30] = struct.pack("<H", rng.choice([0, 150, 259, 260, 261, 65_535]))
    if rng.random() < 0.3:
        payload[rng.randrange(34)] ^= 1 << rng.randrange(8)
    return frame_bytes(spec.header_id, spec.seed, bytes(payload), rng.randrange(256), 1, 1)


def pieces_of(rng: random.Random) -> list[bytes]:
    """One hostile stream: intact, cut, damaged, signed-looking and nested frames, markers, noise; cut anywhere."""
    parts: list[bytes] = []
    for _ in range(rng.randint(1, 8)):
        frame = bytearray(rng.choice(INTACT))
        act = rng.randrange(8)
        if act == 1:
            frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
        elif act == 2:
            del frame[rng.randrange(len(frame)) :]
        elif act == 3:
            frame = bytearray(rng.randbytes(rng.randint(0, 30)))
        elif act == 4:
            frame = bytearray(b"\xfd" * rng.randint(1, 4)) + frame
        elif act == 5:
            frame[2] = rng.choice([1, 1, 2, 255])
        elif act == 6:
            # a header of ours that claims a length, with frames inside what it claims
            frame = bytearray([0xFD, rng.randrange(256)]) + frame[2:10] + rng.choice(INTACT)
        elif act == 7:
            frame = bytearray(hostile_command(rng))
        parts.append(bytes(frame))
    stream = b"".join(parts)
    if rng.random() < 0.5:
        stream += b"\0" * FRAME_SIZE_MAX
    pieces, at = [], 0
    while at < len(stream):
        step = rng.choice([1, 7, 64, 300, 1000])
        pieces.append(stream[at : at + step])
        at += step
    return pieces


EXTREMES = [math.nan, math.inf, -math.inf, 5.0, -5.0, 5.0000005, 300.0, -300.00003, 3.0, 3.0000002, 1e-45, -0.0, 3e38]
COMMAND_ID = SPEC_BY_NAME["FLAIL_COMMAND"].msg_id


class Judge:
    """Asks a C controller whether it would accept a command, whatever it heard before."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library, self._bench = library, Bench(library)
        library.fc_command.restype = ctypes.c_bool

    def accepts(self, payload: bytes) -> bool:
        self._library.fc_hello(self._bench.node, b"\0" * 18)
        wire = payload[:34].ljust(34, b"\0")
        return bool(self._library.fc_command(self._bench.node, wire, ctypes.c_uint32(0)))


def compare(library: ctypes.CDLL, judge: Judge, pieces: list[bytes]) -> tuple[int, int]:
    """Frames accepted and refused for their checksum; raises where the sides differ."""
    ours, theirs = parse_python(pieces), parse_c(library, pieces)
    if ours != theirs:
        raise AssertionError(f"both sides differ on {[piece.hex() for piece in pieces]}")
    for frame in ours[0]:
        if frame.msg_id == COMMAND_ID:
            wanted = adapters.decode_command(frame) is not None
            if judge.accepts(frame.payload) is not wanted:
                raise AssertionError(f"both sides differ on the command {frame.payload.hex()}")
    return len(ours[0]), ours[1]
