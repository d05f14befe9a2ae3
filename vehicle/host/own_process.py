"""One piece of work in a process of its own, which ends with it and can be ended before; an executor of one call.

A process begins as a copy of a small server that was started with the program. To make one from the program itself
would hold its interpreter until the new process runs: half a second on a busy computer, without a tick.
"""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

NICE = 10
"""Planning takes seconds to minutes of a processor that the vehicle's own loop needs."""


def make_ready() -> None:
    """Start the server, before anything depends on the time that it takes."""
    resource_tracker.ensure_running()
    forkserver.ensure_running()


class OwnProcess(Executor):
    """Started from a thread, so that the caller does not wait for it."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._ended = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Begin; what the call raises is raised by the future, and EOFError where the process died without a word."""
        future: Future[Any] = Future()
        work = (fn, args, kwargs)
        threading.Thread(target=self._run, args=(work, future), name="planning", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        """End the process, finished or not, begun or not."""
        del wait, cancel_futures
        self._ended = True
        self._kill(self._process)

    def _run(self, work: tuple[Any, ...], future: Future[Any]) -> None:
        done, answer = False, None
        try:
            with self._begun(work) as reader:
                done, answer = reader.recv()
        except Exception as error:  # noqa: BLE001  # the process was ended, or its answer is none
            answer = error
        # who asked may have given up meanwhile
        with contextlib.suppress(Exception):
            if done:
                future.set_result(answer)
            else:
                future.set_exception(answer)

    def _begun(self, work: tuple[Any, ...]) -> Connection:
        context = multiprocessing.get_context("forkserver")
        reader, writer = context.Pipe(duplex=False)
        with writer:
            process = context.Process(target=_child, args=(writer, *work), daemon=True)
            process.start()
        self._process = process
        if self._ended:  # while it began
            self._kill(process)
        return reader

    @staticmethod
    def _kill(process: multiprocessing.process.BaseProcess | None) -> None:
        if process is not None and process.is_alive():
            process.kill()


def _child(writer: Connection, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    os.nice(NICE)
    answer: tuple[bool, Any]
    try:
        answer = True, fn(*args, **kwargs)
    except Exception as error:  # noqa: BLE001  # whatever it is, whoever asked is told
        answer = False, error
    writer.send(answer)
