"""A recorder in its own thread: a slow or full disk never delays the tick and never ends the program."""

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
"""A minute of ticks in the queue; when it is full, further ticks are dropped and counted."""
BEHIND_MAX = 500
"""With ten seconds of ticks waiting for the disk, the recorder counts as not recording (row 82)."""
BATCH = 10
"""Ticks handed to the thread together (0.2 s): waking the thread 50 times a second costs more than its work.

A killed process loses these ticks and the open chunk.
"""

Job = tuple[Callable[..., None], tuple[Any, ...]]
"""A call for the recorder: the method and its argument."""


class BackgroundRecorder:
    """Passes everything to `recorder` in order, from its own thread.

    `fault` holds the first error of the disk, after which nothing is written; `dropped` counts lost calls.
    """

    name = "recording"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._batches: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._batch: list[Job] = []
        self._taken = self._done = 0  # the first belongs to the caller, the second to the thread
        self.dropped = 0
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether the disk accepts the data and is not far behind."""
        return not self.fault and self._taken - self._done < BEHIND_MAX

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Record the state that the run starts from."""
        self._put(self._recorder.begin, state, controller)
        self._hand_over()

    def accept(self, record: TickRecord) -> None:
        """Record one tick."""
        self._put(self._recorder.accept, record)
        if len(self._batch) >= BATCH:
            self._hand_over()

    def note(self, event: Event) -> None:
        """Record an event that no tick made."""
        self._put(self._recorder.note, event)
        self._hand_over()

    def close(self, timeout_s: float = 5.0) -> None:
        """Write the waiting calls and finish the file."""
        self._batch.append((self._recorder.close, ()))  # even if the queue is full: closing completes the file
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
        except Exception as refusal:  # noqa: BLE001  # a silent end would be noticed only after ten seconds
            self.fault = f"recording ended: {refusal}"
            with contextlib.suppress(Exception):
                self._recorder.close()
