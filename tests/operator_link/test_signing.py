"""The verifier: findings 1 and 2 of the safety study as regressions, and every combination of what a frame can be."""

import itertools
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import common

from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.signature import StationSigner, sign
from firmware_bridge.mavlink.signing import BEHIND_S, JUMP_LIMIT_S, LINK_HOLD_S, STREAMS_MAX, Verdict
from firmware_bridge.mavlink.stamps import AHEAD_S, STAMP_MAX, STAMPS_PER_S
from tests.operator_link.signing_bench import (
    CLOCK,
    DAY,
    HEARTBEAT,
    KEY,
    OTHER,
    OTHER_KEY,
    S_NS,
    START_NS,
    STATION,
    WRONG_KEY,
    frame,
    newest,
    stamps_of,
    verifier,
)

OK = Verdict.OK


def test_a_station_that_follows_the_vehicles_stamps_is_heard() -> None:
    made = verifier()
    heard = made.verify(frame(newest(made) + 1), "udp", START_NS)
    assert heard.verdict is OK
    assert heard.age_s < 0.001


# --- findings 1 and 2 ------------------------------------------------------------------------------------------------
def test_one_forged_frame_from_the_far_future_locks_nobody_out() -> None:
    made = verifier()
    stamp = newest(made)
    assert made.verify(frame(stamp + 1), "udp", START_NS).verdict is OK
    forged = frame(STAMP_MAX - 1, key=WRONG_KEY)
    assert made.verify(forged, "udp", START_NS).verdict is Verdict.BAD_SIGNATURE
    assert made.verify(frame(stamp + 2), "udp", START_NS).verdict is OK


def test_an_exact_replay_is_refused() -> None:
    made = verifier()
    signed = frame(newest(made) + 1)
    assert made.verify(signed, "udp", START_NS).verdict is OK
    assert made.verify(signed, "udp", START_NS).verdict is Verdict.REPLAYED


def test_a_frame_of_before_a_restart_is_refused_however_young() -> None:
    before = verifier()
    signed = frame(newest(before) + 1)
    assert before.verify(signed, "udp", START_NS).verdict is OK
    after = verifier(reserved=before.wanted(START_NS + 30 * S_NS)[STATION])
    assert after.verify(signed, "udp", START_NS).verdict is Verdict.BEFORE_BOOT


@pytest.mark.parametrize("clock", [CLOCK - 30 * DAY, 0, CLOCK])
def test_a_clock_that_is_behind_accepts_nothing_old(clock: int) -> None:
    before = verifier()
    signed = [frame(newest(before) + 1 + n) for n in range(20)]
    on_disk = CLOCK + 42 * STAMPS_PER_S
    after = verifier(reserved=on_disk, clock=clock)
    for late_ns in (0, 59 * S_NS, 3600 * S_NS):
        assert {after.verify(one, "udp", START_NS + late_ns).verdict for one in signed} == {Verdict.BEFORE_BOOT}


def test_a_frame_of_one_link_is_refused_on_another() -> None:
    made = verifier()
    stamp = newest(made)
    assert made.verify(frame(stamp + 1, link_id=9), "radio", START_NS).verdict is OK
    assert made.verify(frame(stamp + 1, link_id=9), "lte", START_NS).verdict is Verdict.WRONG_LINK
    held_back = frame(stamp + 2, link_id=9)
    assert made.verify(held_back, "lte", START_NS).verdict is Verdict.WRONG_LINK
    assert made.verify(held_back, "radio", START_NS).verdict is OK
    later_ns = START_NS + LINK_HOLD_S * S_NS
    assert made.verify(frame(stamp + 3, link_id=9), "lte", later_ns).verdict is OK


def test_a_key_speaks_for_its_own_system_id_only() -> None:
    made = verifier()
    claimed = frame(newest(made, OTHER) + 1, key=KEY, system_id=OTHER)
    assert made.verify(claimed, "udp", START_NS).verdict is Verdict.BAD_SIGNATURE
    unknown = frame(newest(made) + 1, system_id=77)
    assert made.verify(unknown, "udp", START_NS).verdict is Verdict.UNKNOWN_STATION


def test_a_console_a_day_ahead_locks_out_neither_others_nor_itself() -> None:
    made = verifier()
    ahead = newest(made) + DAY
    assert made.verify(frame(ahead), "udp", START_NS).verdict is Verdict.AHEAD
    other = frame(newest(made, OTHER) + 1, key=OTHER_KEY, system_id=OTHER)
    assert made.verify(other, "udp", START_NS).verdict is OK
    made.made_durable(made.wanted(START_NS))
    assert made.verify(frame(newest(made) + 1), "udp", START_NS).verdict is OK
    assert made.verify(frame(ahead + 1), "udp", START_NS).verdict is Verdict.REPLAYED


# --- a recording of an unheard station -------------------------------------------------------------------------------
def test_a_recording_that_runs_ahead_of_the_vehicle_does_not_open_the_door() -> None:
    made = verifier(clock=CLOCK - 30 * DAY)
    recording = [frame(CLOCK + second * STAMPS_PER_S) for second in range(1800)]
    verdicts = {made.verify(one, "udp", START_NS + n * S_NS).verdict for n, one in enumerate(recording)}
    assert OK not in verdicts


def test_a_trusted_clock_follows_nobody() -> None:
    made = verifier(trusted=True)
    assert made.verify(frame(newest(made) + DAY), "udp", START_NS).verdict is Verdict.AHEAD
    assert newest(made) < CLOCK + 10 * STAMPS_PER_S


def test_a_key_holders_broken_clock_is_not_followed() -> None:
    made = verifier()
    before = newest(made)
    far = before + (JUMP_LIMIT_S + 3600) * STAMPS_PER_S
    assert made.verify(frame(far), "udp", START_NS).verdict is Verdict.FAR_FUTURE
    assert newest(made) == before + 1


# --- every combination -----------------------------------------------------------------------------------------------
STAMPS = {
    "older": (-1, Verdict.REPLAYED),
    "equal": (0, Verdict.REPLAYED),
    "newer": (1, OK),
    "window's end": (AHEAD_S * STAMPS_PER_S - 5, OK),
    "ahead": (AHEAD_S * STAMPS_PER_S + 100, Verdict.AHEAD),
    "far future": ((JUMP_LIMIT_S + 3600) * STAMPS_PER_S, Verdict.FAR_FUTURE),
}
COMBINATIONS = list(itertools.product((True, False), STAMPS, (True, False), (0, 9)))


@pytest.mark.parametrize(("good_hash", "stamp", "known_stream", "link_id"), COMBINATIONS)
def test_every_combination(good_hash: bool, stamp: str, known_stream: bool, link_id: int) -> None:
    made = verifier(uniform=0.0)
    mark = newest(made) + 5
    if known_stream:
        assert made.verify(frame(mark, link_id=link_id), "udp", START_NS).verdict is OK
    offset, verdict = STAMPS[stamp]
    expected = verdict if good_hash else Verdict.BAD_SIGNATURE
    if good_hash and not known_stream and verdict is Verdict.REPLAYED:
        expected = OK  # a new stream may begin at any stamp of this start
    tried = frame(mark + offset, key=KEY if good_hash else WRONG_KEY, link_id=link_id)
    assert made.verify(tried, "udp", START_NS).verdict is expected
    if expected is not OK and expected is not Verdict.AHEAD:
        assert made.verify(frame(mark + 7, link_id=link_id), "udp", START_NS).verdict is OK


def test_streams_of_one_key_are_bounded() -> None:
    made = verifier()
    stamp = newest(made)
    verdicts = [made.verify(frame(stamp, component=n), "udp", START_NS).verdict for n in range(1, STREAMS_MAX + 3)]
    assert verdicts == [OK] * STREAMS_MAX + [Verdict.TOO_MANY_STREAMS] * 2


def test_a_held_back_frame_grows_old() -> None:
    made = verifier()
    stamp = newest(made)
    assert made.verify(frame(stamp + 1), "udp", START_NS + 3 * S_NS).age_s == pytest.approx(3.0, abs=0.01)
    late = made.verify(frame(stamp + 2), "udp", START_NS + (BEHIND_S + 1) * S_NS)
    assert late.verdict is Verdict.STALE


@pytest.mark.parametrize("ahead_s", [0.2, 2.0, 9.5])
def test_what_is_stamped_ahead_may_have_been_held_back_for_as_long(ahead_s: float) -> None:
    """A station by a clock that is ahead: old and new frames alike are stamped above the vehicle's newest."""
    made = verifier()
    stamp = newest(made) + round(ahead_s * STAMPS_PER_S)
    assert made.verify(frame(stamp), "udp", START_NS).age_s == pytest.approx(ahead_s, abs=0.01)
    later_ns = START_NS + S_NS // 2
    held_back = made.verify(frame(stamp + 1), "udp", later_ns)
    assert held_back.age_s == pytest.approx(abs(ahead_s - 0.5), abs=0.01)


def test_a_station_by_the_clock_that_the_vehicle_began_with_is_new() -> None:
    made = verifier(clock=CLOCK)
    assert made.verify(frame(CLOCK + 3), "udp", START_NS).age_s == pytest.approx(0.0, abs=0.001)


def test_nothing_is_accepted_that_a_crash_could_rewind() -> None:
    made = verifier(durable=False)
    signed = frame(newest(made) + 1)
    assert made.verify(signed, "udp", START_NS).verdict is Verdict.NOT_DURABLE
    made.made_durable(made.wanted(START_NS))
    assert made.verify(signed, "udp", START_NS).verdict is OK


@given(steps=st.lists(st.tuples(st.sampled_from(["tick", "write", "crash", "hear"]), st.integers(0, 40)), max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_stamp_is_accepted_or_issued_twice_across_crashes(steps: list[tuple[str, int]]) -> None:
    disk: dict[int, int] = {STATION: 0}
    now_ns, made = START_NS, verifier(clock=0, durable=False)
    accepted: list[int] = []
    for step, amount in steps:
        if step == "tick":
            now_ns += amount * S_NS // 4
        elif step == "write":
            disk |= made.wanted(now_ns)
            made.made_durable(disk)
        elif step == "crash":
            made = verifier(reserved=disk[STATION], clock=0, durable=False)
            now_ns = START_NS
        else:
            stamp = newest(made, now_ns=now_ns) + amount
            if made.verify(frame(stamp), "udp", now_ns).verdict is OK:
                assert all(stamp > old for old in accepted)
                accepted.append(stamp)
    restarted = verifier(reserved=disk[STATION], clock=0)
    for stamp in accepted:
        assert restarted.verify(frame(stamp), "udp", START_NS).verdict is not OK


@given(cut=st.integers(0, 40), flip=st.integers(0, 8 * 40 - 1))
def test_no_damaged_frame_passes(cut: int, flip: int) -> None:
    made = verifier()
    good = frame(newest(made) + 1)
    short = good[: len(good) - cut] if cut else b""
    assert made.verify(short, "udp", START_NS).verdict is not OK
    bit = flip % (8 * len(good))
    bad = bytearray(good)
    bad[bit // 8] ^= 1 << bit % 8
    assert made.verify(bytes(bad), "udp", START_NS).verdict is not OK
    assert made.verify(good, "udp", START_NS).verdict is OK


# --- beside pymavlink ------------------------------------------------------------------------------------------------
def peer(key: bytes, stamp: int) -> "ModuleType":
    other = common.MAVLink(None, srcSystem=STATION, srcComponent=190)
    other.signing.secret_key, other.signing.sign_outgoing, other.signing.timestamp = key, True, stamp
    return other


def test_pymavlink_and_we_sign_alike_and_it_follows_our_stamps() -> None:
    made = verifier()
    station = peer(KEY, CLOCK - 90 * DAY)
    plain = codec.encode(HEARTBEAT, (0, 10, 3, 81, 4, 3), 5, 1, 1)
    from_vehicle = made.sign(plain, HEARTBEAT.seed, STATION, 0, START_NS)
    heard = station.parse_buffer(from_vehicle)
    assert [one.get_type() for one in heard] == ["HEARTBEAT"]
    answer = station.heartbeat_encode(6, 8, 0, 0, 4).pack(station)
    (parsed,) = FrameParser().feed(answer)
    assert parsed.signed == answer
    judged = made.verify(parsed.signed, "udp", START_NS)
    assert judged.verdict is OK
    again = sign(plain, HEARTBEAT.seed, KEY, 3, 12345)
    parsed_again = FrameParser().feed(again)
    assert [one.signed for one in parsed_again] == [again]


def test_our_own_station_follows_too() -> None:
    made = verifier()
    station = StationSigner(KEY, clock_stamp=12)
    plain = codec.encode(HEARTBEAT, (0, 10, 3, 81, 4, 3), 5, 1, 1)
    from_vehicle = made.sign(plain, HEARTBEAT.seed, STATION, 0, START_NS)
    early = station.sign(codec.encode(HEARTBEAT, (0, 6, 8, 0, 4, 3), 0, STATION, 190), HEARTBEAT.seed)
    assert made.verify(early, "udp", START_NS).verdict is Verdict.BEFORE_BOOT
    assert station.accepts(from_vehicle)
    assert not station.accepts(from_vehicle)
    assert not station.accepts(b"")
    late = station.sign(codec.encode(HEARTBEAT, (0, 6, 8, 0, 4, 3), 0, STATION, 190), HEARTBEAT.seed)
    assert made.verify(late, "udp", START_NS + stamps_of(0)).verdict is OK


# --- keys that change ------------------------------------------------------------------------------------------------
def test_rotation_holds_both_keys_and_revocation_ends_at_once() -> None:
    made = verifier()
    made.set_keys({STATION: (OTHER_KEY, KEY)}, START_NS)
    stamp = newest(made)
    assert made.verify(frame(stamp), "udp", START_NS).verdict is OK
    assert made.verify(frame(stamp + 1, key=OTHER_KEY), "udp", START_NS).verdict is OK
    made.set_keys({STATION: (OTHER_KEY,)}, START_NS)
    assert made.verify(frame(stamp + 2), "udp", START_NS).verdict is Verdict.BAD_SIGNATURE
    made.set_keys({}, START_NS)
    assert made.verify(frame(stamp + 3, key=OTHER_KEY), "udp", START_NS).verdict is Verdict.UNKNOWN_STATION
