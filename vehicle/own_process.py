"""One piece of work in a process of its own, which ends with it and can be ended before; an executor of one call."""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing.connection import Connection
from typing import Any

NICE = 10
"""Planning takes seconds to minutes of a processor that the vehicle's own loop needs."""


class OwnProcess(Executor):
    """Spawned, not forked: the vehicle's process holds sockets, threads and a real-time priority."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: multiprocessing.process.BaseProcess | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Begin; what the call raises is raised by the future, and EOFError where the process died without a word."""
        reader, writer = self._context.Pipe(duplex=False)
        self._process = self._context.Process(target=_child, args=(writer, fn, args, kwargs), daemon=True)
        self._process.start()
        writer.close()
        future: Future[Any] = Future()
        threading.Thread(target=_wait, args=(reader, future), name="planning", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the process, finished or not."""
        del wait, cancel_futures
        if self._process is not None and self._process.is_alive():
            self._process.kill()


def _child(writer: Connection, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    os.nice(NICE)
    answer: tuple[bool, Any]
    try:
        answer = True, fn(*args, **kwargs)
    except Exception as error:  # noqa: BLE001  # whatever it is, whoever asked is told
        answer = False, error
    writer.send(answer)


def _wait(reader: Connection, future: Future[Any]) -> None:
    done, answer = False, None
    with reader:
        try:
            done, answer = reader.recv()
        except Exception as error:  # noqa: BLE001  # the process was ended, or its answer is none
            answer = error
    # who asked may have given up meanwhile
    with contextlib.suppress(Exception):
        if done:
            future.set_result(answer)
        else:
            future.set_exception(answer)
