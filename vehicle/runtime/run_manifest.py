"""`run.json`: what a run is of, with which machine, plan and depth, and when."""

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
    """What a run is of; texts that nobody stated are empty. `time_source` says who the times are from.

    `task`: the task order; the folder holds the task file itself.
    """

    format: int = Kept.RUN.number
    run: str
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
    """The same as texts, for a recording's metadata; without the folder, runs of one seed are the same bytes."""
    left_out = ("format", "end_utc", *(() if with_folder else ("run",)))
    return {key: str(value) for key, value in msgspec.to_builtins(manifest).items() if key not in left_out}


def write_task(folder: Path, task: TaskFile | None) -> None:
    """The task file as it was given, where there is one. Raises OSError."""
    if task is not None:
        write_whole(folder / TASK_FILE, task.content)


def task_named(task: TaskFile | None) -> dict[str, str]:
    """A task for a recording's metadata: all of it as JSON; nothing where there is none."""
    return {"task_facts": task.task.model_dump_json()} if task is not None else {}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Whole, or not at all; left alone where it says the same. Raises OSError."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    path = folder / MANIFEST
    with _ONE_WRITER:
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)
