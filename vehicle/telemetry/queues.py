"""A bounded queue without a lock from the tick to the telemetry thread; every dropped item is counted."""

from collections import deque
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class BoundedQueue(Generic[ItemT]):
    """A queue with one producer and one consumer in two threads. If it is full, `put` drops the oldest item.

    Only atomic deque operations are used: an item is either dropped by the producer or taken by the consumer. So
    `offered == taken + dropped + len(queue)` whenever neither thread is in a call.
    """

    def __init__(self, items_max: int) -> None:
        self._items: deque[ItemT] = deque()
        self._items_max = items_max
        self.offered = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: ItemT) -> None:
        """Add an item without waiting."""
        self.offered += 1
        if len(self._items) >= self._items_max:
            try:
                self._items.popleft()
            except IndexError:
                pass  # the consumer emptied the queue meanwhile, so there is room now
            else:
                self.dropped += 1
        self._items.append(item)

    def take_all(self) -> list[ItemT]:
        """Return all items, oldest first."""
        taken = []
        for _ in range(len(self._items)):
            try:
                taken.append(self._items.popleft())
            except IndexError:
                break
        return taken
