"""The C side reads what the Python side reads, frame for frame, whatever the wire brings."""

import ctypes
import json
import random
from typing import Any

import pytest
from fastcrc.crc16 import mcrf4xx
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FRAME_SIZE_MAX, Frame, FrameParser, frame_bytes
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPECS
from tests.firmware_bridge import golden
from tests.firmware_bridge.controller_bench import Bench
from tests.firmware_bridge.controller_bench import Frame as CFrame

ROWS: list[dict[str, Any]] = json.loads(golden.FILE.read_text(encoding="utf-8"))
OURS = {msg_id: seed for msg_id, seed in CRC_EXTRA.items() if SPECS[msg_id].name.startswith("FLAIL_")}
# of no dialect, but known to both parsers here: an id that needs all its 24 bits
WIDE = 0x37A0C5
OURS[WIDE] = b"\x5b"
WIDE_FRAME = frame_bytes((WIDE & 0xFFFF, WIDE >> 16), OURS[WIDE], b"twenty-four bits", 5, 6, 7)
INTACT = [bytes.fromhex(row["hex"]) for row in ROWS if row["message"].startswith("FLAIL_")]


def parse_python(pieces: list[bytes]) -> tuple[list[Frame], int]:
    parser = FrameParser(OURS)
    found = [frame for piece in pieces for frame in parser.feed(piece)]
    return [Frame(f.msg_id, f.sequence, f.system_id, f.component_id, f.payload) for f in found], parser.bad_frames


def parse_c(library: ctypes.CDLL, pieces: list[bytes], known_count: int = 8) -> tuple[list[Frame], int]:
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
            frame = b"\xfd" * rng.randint(1, 4) + frame
        elif act == 5:
            frame[2] = rng.choice([1, 1, 2, 255])
        elif act == 6:
            # a header of ours that claims a length, with frames inside what it claims
            frame = b"\xfd" + bytes([rng.randrange(256)]) + frame[2:10] + rng.choice(INTACT)
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


def test_both_sides_agree_on_hostile_streams(library: ctypes.CDLL) -> None:
    rng = random.Random(1)
    chunks = accepted = bad = 0
    while chunks < 10_000:
        pieces = pieces_of(rng)
        ours, theirs = parse_python(pieces), parse_c(library, pieces)
        assert ours == theirs, b"".join(pieces).hex()
        chunks += len(pieces)
        accepted += len(ours[0])
        bad += ours[1]
    assert accepted > 1_000
    assert bad > 100


@settings(max_examples=200)
@given(st.lists(st.one_of(st.binary(max_size=50), st.sampled_from(INTACT), st.just(b"\xfd")), min_size=1, max_size=10))
def test_both_sides_agree(library: ctypes.CDLL, pieces: list[bytes]) -> None:
    assert parse_python(pieces) == parse_c(library, pieces)


def test_ids_beyond_the_table_are_unknown(library: ctypes.CDLL) -> None:
    for count in range(9):
        found, bad = parse_c(library, [*INTACT, WIDE_FRAME], known_count=count)
        assert [frame.msg_id for frame in found][-1:] == [WIDE] or count < 8
        assert {frame.msg_id for frame in found} == set(list(OURS)[:count])
        assert bad == 0


def test_signed_frames_are_read_with_their_signature_in_the_way(library: ctypes.CDLL) -> None:
    for frame in INTACT:
        body = bytearray(frame[1:-2])
        body[1] = 1
        seed = OURS[frame[7] | frame[8] << 8 | frame[9] << 16]
        signed = b"\xfd" + bytes(body) + mcrf4xx(seed, mcrf4xx(bytes(body))).to_bytes(2, "little") + b"\xfd" * 13
        for cut in range(1, 14):
            pieces = [signed[:-cut], signed[-cut:] + frame]
            assert parse_c(library, pieces) == parse_python(pieces)
            assert len(parse_c(library, pieces)[0]) == 2


def test_every_intact_frame_behind_stray_markers_is_found(library: ctypes.CDLL) -> None:
    rng = random.Random(3)
    pieces = [b"\xfd" + rng.randbytes(rng.randint(0, 7)) + rng.choice(INTACT) for _ in range(500)]
    found, _ = parse_c(library, [*pieces, b"\0" * FRAME_SIZE_MAX])
    assert len(found) == 500


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['message']}: {row['name']}" for row in ROWS])
def test_golden_frames(library: ctypes.CDLL, row: dict[str, Any]) -> None:
    found, bad = parse_c(library, [bytes.fromhex(row["hex"])])
    if not row["message"].startswith("FLAIL_"):
        assert (found, bad) == ([], 0)
        return
    (frame,) = found
    assert SPECS[frame.msg_id].name == row["message"]
    assert (frame.sequence, frame.system_id, frame.component_id) == (row["sequence"], row["system"], row["component"])
    assert codec.decode_fields(frame) == codec.decode_fields(FrameParser().feed(bytes.fromhex(row["hex"]))[0]) or (
        None in row["fields"].values()
    )


def test_golden_commands_are_obeyed_as_written(library: ctypes.CDLL) -> None:
    bench = Bench(library).ready()
    by_name = {row["name"]: bytes.fromhex(row["hex"]) for row in ROWS}
    bench.receive(by_name["drive with the tool at depth"])
    bench.step()
    assert bench.status["command_sequence"] == 70_001
    assert (bench.out.tool_mode, bench.out.tool_value_m, bench.out.engine_mode) == (2, 0.15625, 2)
    assert bench.out.beacon
    for refused in ("not a number", "lease too long", "every byte a marker"):
        bench.receive(by_name[refused])
        assert bench.status["command_sequence"] == 70_001
        assert bench.status["fault_bits"] == 8192
    bench.receive(by_name["kill"])
    bench.step()
    assert bench.state() == 4


def test_a_controller_hears_only_commands_and_hellos(library: ctypes.CDLL) -> None:
    bench = Bench(library).ready()
    before = len(bench.sent)
    for frame in INTACT:
        if SPECS[frame[7] | frame[8] << 8 | frame[9] << 16].name not in {"FLAIL_COMMAND", "FLAIL_HELLO"}:
            bench.receive(frame)
    assert len(bench.sent) == before


def test_many_commands_in_one_read_are_all_answered(library: ctypes.CDLL) -> None:
    bench = Bench(library).ready()
    before = len(bench.sent)
    wire = b"".join(
        codec.encode_fields("FLAIL_COMMAND", {"sequence": 1_000 + n, "valid_for_ms": 100}, n, 1, 1) for n in range(60)
    )
    bench.receive(wire)
    assert len(bench.sent) == before + 60
    assert bench.status["command_sequence"] == 1_059
