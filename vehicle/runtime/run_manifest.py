"""`run.json`: the site, machine, plan, depth and times of a run."""

import threading
from pathlib import Path

import msgspec

from vehicle.config.task import TASK_FILE, TaskFile
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole
from vehicle.host.utc import TimeSource

MANIFEST = "run.json"
_ONE_WRITER = threading.Lock()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a run; texts that nobody stated are empty.

    `program`: name and version of the program that made the run. `time_source` names the source of the times. `task`:
    the task order; the run's folder holds the task file itself.
    """

    format: int = Kept.RUN.number
    run: str
    program: str = ""
    simulated: bool = False
    vehicle_id: str
    machine: str
    site: str = ""
    site_hash: str = ""
    plan_hash: str = ""
    required_depth_m: float
    config_hash: str = ""
    session_id: str = ""
    start_utc: str
    end_utc: str = ""
    time_source: TimeSource
    task: str = ""


def named(manifest: Manifest, *, with_folder: bool = True) -> dict[str, str]:
    """Return the facts as texts for a recording's metadata; without the folder, so that one seed gives equal bytes."""
    left_out = ("format", "end_utc", *(() if with_folder else ("run",)))
    return {key: str(value) for key, value in msgspec.to_builtins(manifest).items() if key not in left_out}


def write_task(folder: Path, task: TaskFile | None) -> None:
    """Copy the task file unchanged into the folder, if there is one. Raises OSError."""
    if task is not None:
        write_whole(folder / TASK_FILE, task.content)


def task_named(task: TaskFile | None) -> dict[str, str]:
    """Return the whole task as JSON for a recording's metadata; empty if there is no task."""
    return {"task_facts": task.task.model_dump_json()} if task is not None else {}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `run.json` atomically; do nothing if its content is already the same. Raises OSError."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    path = folder / MANIFEST
    with _ONE_WRITER:
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)
