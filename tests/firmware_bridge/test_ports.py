"""The memory port: order kept, bounded, closing is noticed by both ends."""

import pytest

from firmware_bridge.ports import MemoryPort, PortError


def test_bytes_arrive_in_order_and_once() -> None:
    left, right = MemoryPort.pair()
    left.write(b"one")
    left.write(b"two")
    right.write(b"back")
    assert right.read() == b"onetwo"
    assert right.read() == b""
    assert left.read() == b"back"


def test_a_full_port_drops_whole_frames_and_counts_them() -> None:
    left, right = MemoryPort.pair(capacity_bytes=10)
    left.write(b"123456")
    left.write(b"78901")
    left.write(b"abcd")
    assert left.dropped_frames == 1
    assert right.read() == b"123456abcd"
    left.write(b"0123456789")
    assert right.read() == b"0123456789"
    assert (left.dropped_frames, right.dropped_frames) == (1, 0)


def test_closing_is_noticed_by_both_after_the_last_bytes() -> None:
    left, right = MemoryPort.pair()
    left.write(b"last")
    left.close()
    left.close()
    assert right.read() == b"last"
    for port in (left, right):
        with pytest.raises(PortError, match="closed"):
            port.read()
        with pytest.raises(PortError, match="closed"):
            port.write(b"x")
