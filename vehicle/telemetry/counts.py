"""The publisher's counters: written in its thread, read and awaited from any other."""

import threading
from collections.abc import Callable

import msgspec

from vehicle.telemetry.schemas import PublisherCounts


class Counters:
    """Latest counts behind a condition. The tick's side never takes its lock."""

    def __init__(self) -> None:
        self.counts = PublisherCounts()
        self._changed = threading.Condition()

    def add(self, **steps: int) -> None:
        """Add to counters."""
        self.set(**{name: getattr(self.counts, name) + step for name, step in steps.items() if step})

    def set(self, **values: int | bool) -> None:
        """Replace counters; only the publisher's thread writes."""
        with self._changed:
            self.counts = msgspec.structs.replace(self.counts, **values)
            self._changed.notify_all()

    def wait_until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Block until `holds()` is true; False when the time is over. Not for the control loop."""
        with self._changed:
            return self._changed.wait_for(holds, timeout_s)
