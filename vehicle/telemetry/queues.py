"""The hand-over from the tick's shell to the telemetry thread: bounded, without a lock, and nothing lost uncounted."""

from collections import deque
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class BoundedQueue(Generic[ItemT]):
    """A queue with one producer and one consumer in two threads. `put` drops the oldest when the consumer lags.

    Only atomic deque operations are used: an item is dropped by the producer or taken by the consumer, never both,
    so `offered == taken + dropped + len(queue)` whenever neither side is at work.
    """

    def __init__(self, items_max: int) -> None:
        self._items: deque[ItemT] = deque()
        self._items_max = items_max
        self.offered = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: ItemT) -> None:
        """Add an item; never waits."""
        self.offered += 1
        if len(self._items) >= self._items_max:
            try:
                self._items.popleft()
            except IndexError:
                pass  # the consumer emptied the queue in between: there is room now
            else:
                self.dropped += 1
        self._items.append(item)

    def take_all(self) -> list[ItemT]:
        """What is there now, oldest first."""
        taken = []
        for _ in range(len(self._items)):
            try:
                taken.append(self._items.popleft())
            except IndexError:
                break
        return taken
