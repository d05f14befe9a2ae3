"""The C side reads what the Python side reads, frame for frame, whatever the wire brings."""

import ctypes
import random
from typing import Any

import pytest
from fastcrc.crc16 import mcrf4xx
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FRAME_SIZE_MAX, FrameParser
from firmware_bridge.mavlink.tables import SPECS
from tests.firmware_bridge.controller_bench import Bench
from tests.firmware_bridge.differential import (
    INTACT,
    OURS,
    ROWS,
    WIDE,
    WIDE_FRAME,
    Judge,
    compare,
    parse_c,
    parse_python,
    pieces_of,
)


def test_both_sides_agree_on_hostile_streams(library: ctypes.CDLL) -> None:
    rng, judge = random.Random(1), Judge(library)
    chunks = accepted = bad = 0
    while chunks < 10_000:
        pieces = pieces_of(rng)
        good, broken = compare(library, judge, pieces)
        chunks += len(pieces)
        accepted += good
        bad += broken
    assert accepted > 1_000
    assert bad > 100


@settings(max_examples=200)
@given(st.lists(st.one_of(st.binary(max_size=50), st.sampled_from(INTACT), st.just(b"\xfd")), min_size=1, max_size=10))
def test_both_sides_agree(library: ctypes.CDLL, pieces: list[bytes]) -> None:
    assert parse_python(pieces) == parse_c(library, pieces)


def test_ids_beyond_the_table_are_unknown(library: ctypes.CDLL) -> None:
    for count in range(len(OURS) + 1):
        found, bad = parse_c(library, [*INTACT, WIDE_FRAME], known_count=count)
        assert [frame.msg_id for frame in found][-1:] == [WIDE] or count < len(OURS)
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
    bench = Bench(library, now_ms=987_650).ready()
    by_name = {row["name"]: bytes.fromhex(row["hex"]) for row in ROWS}
    bench.receive(by_name["drive with the tool at depth"])
    bench.step()
    assert bench.status["command_sequence"] == 70_001
    assert (bench.out.tool_mode, bench.out.tool_value_m, bench.out.engine_mode) == (2, 0.15625, 2)
    assert bench.out.beacon
    assert bench.state() == 2
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


def test_nothing_is_read_beyond_the_bytes_given(library: ctypes.CDLL) -> None:
    bench = Bench(library).ready()
    before = len(bench.sent)
    command = codec.encode_fields("FLAIL_COMMAND", {"sequence": 900, "valid_for_ms": 100}, 0, 1, 1)
    given = b"\0" * 700
    memory = given + command * 40
    library.fc_node_receive(bench.node, memory, ctypes.c_size_t(len(given)), ctypes.c_uint32(bench.now_ms))
    assert len(bench.sent) == before


def test_a_node_starts_the_same_in_used_memory(library: ctypes.CDLL) -> None:
    bench = Bench(library).ready()
    bench.receive(INTACT[0][:20])
    again = Bench(library, memory=bench.node)
    again.hello()
    assert [message["#"] for message in again.sent] == [0]
    assert again.inputs.track_left_mps == 0.0


def test_silence_is_answered_every_hundred_milliseconds(library: ctypes.CDLL) -> None:
    bench = Bench(library, now_ms=3_000_000_000)
    stamps = []
    for _ in range(350):
        bench.step(ms=1)
        if len(bench.sent) > len(stamps):
            stamps.append(bench.now_ms - 3_000_000_000)
    assert stamps == [100, 200, 300]
