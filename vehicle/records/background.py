"""A recorder in a thread of its own: a slow or full disk never holds up the tick, and never ends the program."""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from vehicle.contracts.messages import Event
from vehicle.contracts.sockets import ControllerAdapter, TickRecord
from vehicle.control.state import VehicleState
from vehicle.records.writer import Recorder

BACKLOG_MAX = 3_000
"""A minute of ticks; what a disk cannot take by then is dropped and counted."""
BEHIND_MAX = 500
"""Ten seconds of ticks behind the disk counts as not recording (row 82)."""
BATCH = 10
"""So many go to the thread together: to wake it fifty times a second costs more than what it then does. A fifth of a
second, which whoever is killed loses with the chunk under way."""

Job = tuple[Callable[..., None], tuple[Any, ...]]
"""What the recorder does, and with what."""


class BackgroundRecorder:
    """Hands everything to `recorder` from its thread, in order.

    `fault` holds the first refusal of the disk (and nothing is written any more); `dropped` counts what was lost.
    """

    name = "recording"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._batches: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._batch: list[Job] = []
        self._taken = self._done = 0  # the first is the caller's, the second the thread's
        self.dropped = 0
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """The disk takes what it is given, and is not far behind."""
        return not self.fault and self._taken - self._done < BEHIND_MAX

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Keep what the run starts from."""
        self._put(self._recorder.begin, state, controller)
        self._hand_over()

    def accept(self, record: TickRecord) -> None:
        """Keep one tick."""
        self._put(self._recorder.accept, record)
        if len(self._batch) >= BATCH:
            self._hand_over()

    def note(self, event: Event) -> None:
        """Keep an event that came of no tick."""
        self._put(self._recorder.note, event)
        self._hand_over()

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits and finish the file."""
        self._batch.append((self._recorder.close, ()))  # even where the backlog is full: it makes the file whole
        self._hand_over()
        self._batches.put(None)
        self._thread.join(timeout_s)

    def _put(self, act: Callable[..., None], *of: object) -> None:
        if self.fault or self._taken - self._done >= BACKLOG_MAX:
            self.dropped += 1
            return
        self._taken += 1
        self._batch.append((act, of))

    def _hand_over(self) -> None:
        self._batches.put(self._batch)
        self._batch = []

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            for act, of in batch:
                self._do(act, *of)
                self._done += 1

    def _do(self, act: Callable[..., None], *of: object) -> None:
        if self.fault:
            self.dropped += 1
            return
        try:
            act(*of)
        except Exception as refusal:  # noqa: BLE001  # a thread that ended silently would be seen after ten seconds
            self.fault = f"recording ended: {refusal}"
            with contextlib.suppress(Exception):
                self._recorder.close()
