"""How the parts of `make proof` are run: units in worker processes, or by a program that prints a line for each."""

import itertools
import math
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.proof_types import ROOT, Found


def end_with_parent() -> None:
    """A worker whose program was killed ends too."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def processor_s() -> float:
    """Of this process and of all that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def timed(work: Callable[[str], Any], unit: str) -> Found:
    """In the worker."""
    began_s = processor_s()
    facts = plain(msgspec.to_builtins(work(unit)))
    return Found(unit=unit, cpu_s=round(processor_s() - began_s, 3), facts=facts)


def plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: they are kept as text, which reads back as a number."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def pooled(work: Callable[[str], Any]) -> Callable[[Sequence[str], Path, int], Generator[Found, None, None]]:
    """Units in worker processes, which load everything anew: after the sources were hashed."""

    def run(missing: Sequence[str], done: Path, jobs: int) -> Generator[Found, None, None]:
        del done
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=end_with_parent)
        try:
            yield from pool.map(timed, itertools.repeat(work), missing)
        finally:
            pool.shutdown(cancel_futures=True)

    return run


def told_by(command: Sequence[str]) -> Iterator[bytes]:
    """Lines of a program of its own, which ends at the next line when nobody reads on.

    Raises:
        RuntimeError: It ended with an error.
    """
    # ours, no shell
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE) as program:  # noqa: S603
        assert program.stdout is not None
        try:
            yield from program.stdout
        except GeneratorExit:
            program.stdout.close()
            raise
    if program.returncode not in (0, 1):  # 1: it found what must not be, and its lines say so
        raise RuntimeError(f"{' '.join(command)}: exit status {program.returncode}")
