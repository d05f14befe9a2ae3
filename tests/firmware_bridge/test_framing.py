"""Every intact frame is found, nothing corrupt is accepted, memory stays bounded, nothing raises."""

import random

import pytest
from fastcrc.crc16 import mcrf4xx
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.mavlink import adapters, codec
from firmware_bridge.mavlink.framing import FRAME_SIZE_MAX, Frame, FrameParser, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from tests.firmware_bridge import samples

COMMAND = adapters.encode_command(samples.COMMAND, 7)
STATUS = adapters.encode_status(samples.STATUS, 8)
IMU = adapters.encode_imu(samples.IMU, 9)
GNSS = adapters.encode_gnss(samples.GNSS, 10)
TEXT = codec.encode_fields("STATUSTEXT", {"severity": 4, "text": "neutral not seen"}, 11, 1, 1)
FRAMES = (COMMAND, STATUS, IMU, GNSS, TEXT)
SEQUENCES = [7, 8, 9, 10, 11]


def sequences(frames: list[Frame]) -> list[int]:
    return [frame.sequence for frame in frames]


def test_split_at_every_byte() -> None:
    stream = b"".join(FRAMES)
    whole = FrameParser().feed(stream)
    assert sequences(whole) == SEQUENCES
    for cut in range(len(stream) + 1):
        parser = FrameParser()
        assert parser.feed(stream[:cut]) + parser.feed(stream[cut:]) == whole
        assert parser.noise_bytes == parser.bad_frames == 0


def test_byte_by_byte() -> None:
    parser = FrameParser()
    found = [frame for byte in b"".join(FRAMES) for frame in parser.feed(bytes([byte]))]
    assert sequences(found) == SEQUENCES


def test_truncated_frame_costs_only_itself() -> None:
    for cut in range(1, len(STATUS)):
        parser = FrameParser()
        # enough intact frames follow for the truncated one's length to be filled
        found = parser.feed(STATUS[:cut] + COMMAND + IMU + GNSS)
        assert sequences(found) == [7, 9, 10], cut


def test_every_single_bit_error_is_refused_and_the_next_frame_found() -> None:
    for bit in range(8 * len(IMU)):
        damaged = bytearray(IMU)
        damaged[bit // 8] ^= 1 << bit % 8
        parser = FrameParser()
        found = parser.feed(bytes(damaged) + STATUS + GNSS + b"\0" * FRAME_SIZE_MAX)
        assert sequences(found) == [8, 10], bit


def test_unknown_id_is_not_accepted_with_any_checksum() -> None:
    body = COMMAND[10:-2]
    for seed in range(256):
        stranger = frame_bytes((0x1234, 0x77), bytes([seed]), body, 3, 1, 1)
        parser = FrameParser()
        assert sequences(parser.feed(stranger + STATUS)) == [8]
        assert parser.noise_bytes == len(stranger)


def test_a_parser_knows_only_its_own_ids() -> None:
    parser = FrameParser({53001: bytes([SPEC_BY_NAME["FLAIL_STATUS"].crc_extra])})
    assert sequences(parser.feed(b"".join(FRAMES))) == [8]


@pytest.mark.parametrize("flags", [2, 4, 0x80, 0xFF])
def test_unknown_incompatibility_flag_is_not_understood(flags: int) -> None:
    body = bytearray(COMMAND[1:-2])
    body[1] = flags
    seed = bytes([SPEC_BY_NAME["FLAIL_COMMAND"].crc_extra])
    frame = b"\xfd" + bytes(body) + mcrf4xx(seed, mcrf4xx(bytes(body))).to_bytes(2, "little")
    assert sequences(FrameParser().feed(frame + STATUS)) == [8]


def test_signed_frame_keeps_its_bytes_for_a_verifier() -> None:
    body = bytearray(COMMAND[1:-2])
    body[1] = 1
    seed = bytes([SPEC_BY_NAME["FLAIL_COMMAND"].crc_extra])
    signature = bytes(range(200, 213))
    signed = b"\xfd" + bytes(body) + mcrf4xx(seed, mcrf4xx(bytes(body))).to_bytes(2, "little") + signature
    for cut in range(len(signed) + 1):
        parser = FrameParser()
        first, second = parser.feed(signed[:cut]) + parser.feed(signed[cut:] + STATUS)
        assert first.signed == signed
        assert first.payload == COMMAND[10:-2]
        assert second.signed == b""


def test_version_1_frames_are_noise() -> None:
    v1_heartbeat = bytes.fromhex("fe09000101000000000006080004036d15")
    assert sequences(FrameParser().feed(v1_heartbeat + STATUS + v1_heartbeat + COMMAND)) == [8, 7]


def test_stray_markers_cost_no_intact_frame() -> None:
    rng = random.Random(20)
    stream, sent = bytearray(), 0
    for _ in range(2_000):
        if rng.random() < 0.3:
            stream += b"\xfd" + rng.randbytes(rng.randint(0, 7))
        stream += rng.choice(FRAMES)
        sent += 1
    stream += b"\0" * FRAME_SIZE_MAX
    parser, found = FrameParser(), 0
    for at in range(0, len(stream), 64):
        found += len(parser.feed(bytes(stream[at : at + 64])))
    assert found == sent


def test_gap_free_flood_stays_bounded() -> None:
    parser = FrameParser()
    flood = (b"\xfd\xff\x00\x00" + COMMAND[4:10]) * 4_000
    for at in range(0, len(flood), 1_000):
        assert parser.feed(flood[at : at + 1_000]) == []
        assert len(parser.pending) < FRAME_SIZE_MAX
    assert sequences(parser.feed(b"\0" * FRAME_SIZE_MAX + STATUS)) == [8]


def test_reset_forgets_the_half_frame() -> None:
    parser = FrameParser()
    assert parser.feed(STATUS[:40]) == []
    parser.reset()
    assert parser.pending == b""
    assert sequences(parser.feed(STATUS)) == [8]


def test_counters_add_up() -> None:
    parser = FrameParser()
    parser.feed(b"noise" + COMMAND + b"\x00\x01" + STATUS[:20])
    assert parser.received_bytes == 5 + len(COMMAND) + 2 + 20
    assert parser.accepted_bytes == len(COMMAND)
    assert parser.accepted_frames == 1
    assert parser.noise_bytes == 7
    damaged = FrameParser()
    damaged.feed(COMMAND[:-1] + bytes([COMMAND[-1] ^ 1]) + STATUS)
    assert (damaged.bad_frames, damaged.accepted_frames) == (1, 1)


chunks = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(FRAMES),
        st.just(b"\xfd"),
        st.tuples(st.sampled_from(FRAMES), st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]]),
    ),
    max_size=12,
)


@pytest.mark.long
@settings(max_examples=300)
@given(chunks, st.randoms(use_true_random=False))
def test_however_it_is_cut_the_result_is_the_same(parts: list[bytes], rng: random.Random) -> None:
    stream = b"".join(parts) + b"\0" * FRAME_SIZE_MAX
    whole = FrameParser().feed(stream)
    parser, found, at = FrameParser(), [], 0
    while at < len(stream):
        step = rng.randint(1, 50)
        found += parser.feed(stream[at : at + step])
        assert len(parser.pending) < FRAME_SIZE_MAX
        at += step
    assert found == whole


@pytest.mark.long
@settings(max_examples=300)
@given(st.lists(st.tuples(st.binary(max_size=9), st.integers(0, 4)), min_size=1, max_size=8))
def test_every_intact_frame_in_noise_is_found(parts: list[tuple[bytes, int]]) -> None:
    stream = b"".join(noise + FRAMES[pick] for noise, pick in parts) + b"\0" * FRAME_SIZE_MAX
    assert sequences(FrameParser().feed(stream)) == [SEQUENCES[pick] for _, pick in parts]
