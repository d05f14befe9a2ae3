"""Planning jobs: each has its own process and a row in the page's state, and can be cancelled."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from console.server.planning.processes import Worker
from vehicle.contracts.errors import InputError

ROWS_MAX: Final = 20
NAME: Final = re.compile(r"p[0-9a-f]{8}")
WAITING, DONE, CANCELLED = "job.waiting", "job.done", "job.cancelled"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the page shows it. `text` is a key of the catalogue or plain words; `error` is one sentence."""

    id: str
    kind: str
    progress: float = 0.0
    text: str = WAITING
    done: bool = False
    error: str | None = None


class Jobs:
    """Runs planning jobs; results are in folders below `folder`. `changed` is called on each change."""

    def __init__(self, folder: Path, changed: Callable[[], None]) -> None:
        self._folder, self._changed = folder, changed
        self._rows: dict[str, Row] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    def rows(self) -> list[dict[str, Any]]:
        """Return the section `jobs` of the page's state, oldest first."""
        return [msgspec.to_builtins(row) for row in self._rows.values()]

    def folder(self, job: str) -> Path:
        """Return the folder of a job's files. Raises InputError for an invalid job name."""
        if not NAME.fullmatch(job):
            raise InputError(f"no plan {job!r}")
        return self._folder / job

    def row(self, job: str) -> Row | None:
        """Return one job; None if it is unknown since this start."""
        return self._rows.get(job)

    def begin(self, kind: str, asked: dict[str, Any], found: Callable[[bytes], None] = lambda _: None) -> str:
        """Start a job and return its id; `found` is called with the answer. Raises OSError without a folder."""
        job = f"p{secrets.token_hex(4)}"
        folder = self.folder(job)
        folder.mkdir(parents=True)
        while len(self._rows) >= ROWS_MAX and self._forget_oldest():
            pass
        self._tell(Row(id=job, kind=kind))
        self._tasks[job] = asyncio.get_running_loop().create_task(
            self._run(job, kind, {**asked, "folder": str(folder)}, found)
        )
        return job

    def _forget_oldest(self) -> bool:
        done = next((job for job, row in self._rows.items() if row.done), None)
        if done is not None:
            del self._rows[done]
        return done is not None

    def _tell(self, row: Row) -> None:
        self._rows[row.id] = row
        self._changed()

    async def _run(self, job: str, kind: str, asked: dict[str, Any], found: Callable[[bytes], None]) -> None:
        worker = Worker()
        try:
            async with self._turn:
                found(await worker.ask(kind, asked, lambda share, text: self._progress(job, share, text)))
            row = Row(id=job, kind=kind, progress=1.0, text=DONE, done=True)
        except InputError as refusal:
            row = Row(id=job, kind=kind, text="", done=True, error=str(refusal))
        finally:
            await worker.end()
            self._tasks.pop(job, None)
        self._tell(row)

    def _progress(self, job: str, share: float, text: str) -> None:
        self._tell(msgspec.structs.replace(self._rows[job], progress=share, text=text))

    async def cancel(self, job: str) -> bool:
        """Cancel a job; False if it is no longer running."""
        task = self._tasks.get(job)
        if task is None:
            return False
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._tell(Row(id=job, kind=self._rows[job].kind, text=CANCELLED, done=True))
        return True

    async def close(self) -> None:
        """End all jobs."""
        for job in list(self._tasks):
            await self.cancel(job)
