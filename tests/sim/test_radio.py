import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.ports import PortError
from sim.radio import Radio, RadioChannel, RadioParams
from vehicle.contracts.units import TICK_NS

PERIOD_NS = 50_000_000
"""The operator's 20 Hz."""


def name(k: int) -> bytes:
    return k.to_bytes(4, "little") + bytes(12)


def transfer(params: RadioParams, count: int = 4_000, seed: int = 3) -> list[tuple[int, int]]:
    """(number, delay [ns]) of every datagram in order of arrival, looked at every millisecond."""
    channel = RadioChannel(params, seed=seed, name="up")
    for k in range(count):
        channel.send(name(k), k * PERIOD_NS)
    arrivals = []
    for ms in range(count * 50 + 20_000):
        arrivals += [(int.from_bytes(data[:4], "little"), ms) for data in channel.due(ms * 1_000_000)]
    return [(k, ms * 1_000_000 - k * PERIOD_NS) for k, ms in arrivals]


def test_clean_radio_delivers_everything_in_order_after_its_delay():
    got = transfer(RadioParams(delay_s=0.023), 200)
    assert got == [(k, 23_000_000) for k in range(200)]


def test_jitter_has_its_mean_and_keeps_the_order():
    got = transfer(RadioParams(delay_s=0.02, jitter_s=0.03))
    assert [k for k, _ in got] == list(range(4_000))
    delays = np.array([delay for _, delay in got]) / 1e9
    assert delays.min() >= 0.02
    # Keeping the order holds some back behind a late one, hence a little more than the mean.
    assert 0.049 < delays.mean() < 0.062
    assert delays.max() < 0.02 + 7 * 0.03 + 0.001


@pytest.mark.long
@pytest.mark.parametrize(("loss", "burst"), [(0.05, 1.0), (0.2, 4.0), (0.6, 1.0)])
def test_loss_comes_in_the_asked_share_and_bursts(loss, burst):
    got = {k for k, _ in transfer(RadioParams(loss_ratio=loss, burst_frames=burst), 20_000)}
    lost = [k not in got for k in range(20_000)]
    assert np.mean(lost) == pytest.approx(loss, rel=0.12)
    bursts = [len(list(run)) for gone, run in itertools.groupby(lost) if gone]
    assert np.mean(bursts) == pytest.approx(max(burst, loss / (1.0 - loss)), rel=0.12)


@pytest.mark.parametrize(("loss", "expected"), [(0.0, 100), (1.0, 0)])
def test_all_or_nothing(loss, expected):
    assert len(transfer(RadioParams(loss_ratio=loss), 100)) == expected


def test_duplicates_arrive_twice():
    got = [k for k, _ in transfer(RadioParams(duplicate_ratio=0.3), 2_000)]
    twice = sum(got.count(k) == 2 for k in range(2_000))
    assert twice == pytest.approx(600, rel=0.15)
    assert set(got) == set(range(2_000))


def test_reordered_ones_overtake_nobody_else():
    got = [k for k, _ in transfer(RadioParams(reorder_ratio=0.1, reorder_s=0.12), 2_000)]
    assert sorted(got) == list(range(2_000))
    late = sum(b < a for a, b in itertools.pairwise(got))
    assert 100 < late < 250


def test_corruption_changes_one_byte_of_the_share_and_never_none():
    channel = RadioChannel(RadioParams(corrupt_ratio=0.25), seed=3, name="up")
    datagram = bytes(range(40))
    for k in range(2_000):
        channel.send(datagram, k)
    differences = [sum(a != b for a, b in zip(data, datagram, strict=True)) for data in channel.due(10**9)]
    assert set(differences) == {0, 1}
    assert sum(differences) == channel.corrupted == pytest.approx(500, rel=0.15)


def test_cut_windows_lose_exactly_what_was_sent_inside():
    got = {k for k, _ in transfer(RadioParams(cuts_s=((2.0, 3.0), (5.0, 5.2))), 200)}
    assert set(range(200)) - got == set(range(40, 60)) | set(range(100, 104))


def test_trace_replaces_delay_and_loss_from_its_first_entry():
    trace = ((1.0, 0.3), (2.0, None), (3.0, 0.04))
    got = dict(transfer(RadioParams(delay_s=0.01, loss_ratio=0.0, trace=trace), 100))
    assert {got[k] for k in range(20)} == {10_000_000}
    assert {got[k] for k in range(20, 40)} == {300_000_000}
    assert not set(range(40, 60)) & set(got)
    assert {got[k] for k in range(60, 100)} == {40_000_000}


def test_slow_radio_queues_and_then_drops():
    # 16 bytes at 1,280 bit/s take 100 ms each and come every 50: the queue grows to its second, then half is dropped.
    got = transfer(RadioParams(rate_bps=1_280.0, queue_s=1.0), 400)
    delays = [delay / 1e9 for _, delay in got]
    assert delays[0] == pytest.approx(0.1)
    assert max(delays) == pytest.approx(1.1, abs=0.06)
    late = [k for k, _ in got if k > 100]
    assert len(late) / 299 == pytest.approx(0.5, abs=0.02)


def test_switching_a_fault_on_does_not_shift_the_others():
    base = RadioParams(loss_ratio=0.2, jitter_s=0.02)
    lost = [
        set(range(1_000)) - {k for k, _ in transfer(params, 1_000)}
        for params in (base, msgspec.structs.replace(base, reorder_ratio=0.2, duplicate_ratio=0.2))
    ]
    assert lost[0] == lost[1]


def test_seed_decides_and_directions_differ():
    params = RadioParams(loss_ratio=0.3)
    assert transfer(params, 500, seed=1) == transfer(params, 500, seed=1)
    assert transfer(params, 500, seed=1) != transfer(params, 500, seed=2)
    fates = []
    for direction in ("up", "down"):
        channel = RadioChannel(params, seed=1, name=direction)
        for k in range(500):
            channel.send(name(k), 0)
        fates.append(channel.due(1))
    assert fates[0] != fates[1]


@given(
    loss=st.floats(0.0, 0.95), jitter=st.floats(0.0, 0.2), duplicate=st.floats(0.0, 1.0), reorder=st.floats(0.0, 1.0)
)
@settings(max_examples=30, deadline=None)
def test_nothing_is_lost_that_is_not_counted(loss, jitter, duplicate, reorder):
    params = RadioParams(loss_ratio=loss, jitter_s=jitter, duplicate_ratio=duplicate, reorder_ratio=reorder)
    channel = RadioChannel(params, seed=3, name="up")
    for k in range(300):
        channel.send(name(k), k * PERIOD_NS)
    arrived = channel.due(300 * PERIOD_NS + 10**10)
    assert len(arrived) == channel.delivered == 300 - channel.lost + channel.duplicated


def test_frames_cross_both_ways_on_the_barrier_and_never_before_their_delay():
    radio = Radio(RadioParams(delay_s=0.03), RadioParams(delay_s=0.05), seed=1)
    arrivals = {}
    for tick in range(1, 12):
        now_ns = tick * TICK_NS
        radio.step(now_ns)
        if data := radio.vehicle.read():
            arrivals[data] = now_ns
        if data := radio.station.read():
            arrivals[data] = now_ns
        if tick == 3:
            radio.station.write(b"up")
            radio.vehicle.write(b"down")
    # Written at 60 ms; due at 90 and 110 ms, seen at the first tick at or after that.
    assert arrivals == {b"up": 100_000_000, b"down": 120_000_000}


def test_cut_door_silences_one_direction():
    radio = Radio(RadioParams(), seed=1)
    radio.up.cut = True
    radio.step(TICK_NS)
    radio.station.write(b"stop")
    radio.vehicle.write(b"report")
    radio.step(2 * TICK_NS)
    assert (radio.vehicle.read(), radio.station.read()) == (b"", b"report")
    assert (radio.up.lost, radio.down.lost) == (1, 0)


def test_closed_end_raises_and_the_other_hears_silence():
    radio = Radio(RadioParams(), seed=1)
    radio.vehicle.close()
    with pytest.raises(PortError, match="closed"):
        radio.vehicle.write(b"x")
    with pytest.raises(PortError, match="closed"):
        radio.vehicle.read()
    radio.station.write(b"y")
    radio.step(TICK_NS)
    assert radio.station.read() == b""
