"""The hand-over: bounded, never waiting, every item counted as dropped, taken or still there."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from vehicle.telemetry.queues import BoundedQueue


def test_the_oldest_gives_way() -> None:
    queue: BoundedQueue[int] = BoundedQueue(3)
    for number in range(8):
        queue.put(number)
    assert queue.take_all() == [5, 6, 7]
    assert (queue.offered, queue.dropped, len(queue)) == (8, 5, 0)


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 6))
def test_nothing_is_lost_uncounted(puts: list[int], items_max: int) -> None:
    """0 means take, n means put n items."""
    queue: BoundedQueue[int] = BoundedQueue(items_max)
    taken = 0
    for count in puts:
        for number in range(count):
            queue.put(number)
        if count == 0:
            taken += len(queue.take_all())
        assert len(queue) <= items_max
        assert queue.offered == taken + queue.dropped + len(queue)


def test_a_flood_between_two_threads_is_accounted_for_to_the_last_item() -> None:
    queue: BoundedQueue[int] = BoundedQueue(16)
    total = 200_000
    taken: list[int] = []
    done = threading.Event()

    def consume() -> None:
        while not done.is_set():
            taken.extend(queue.take_all())

    consumer = threading.Thread(target=consume)
    consumer.start()
    for number in range(total):
        queue.put(number)
    done.set()
    consumer.join()
    taken.extend(queue.take_all())
    assert queue.offered == total == len(taken) + queue.dropped
    assert taken == sorted(set(taken)), "in order, none twice"
    assert taken[-1] == total - 1, "the newest always arrives"
