"""`flailpilot incident RUN`: after an accident, copies all evidence, lists it by hash, and seals it.

    incident-20261130T140500Z/
        run/            the run's folder: recording, journal, plan, task, papers
        before/         runs of the 24 hours before it, from the same folder
        configuration/  of the vehicle program, the machine's profile, checks and latches; names of keys, never a secret
        checks.json     what was checked, seen and withdrawn in those 24 hours, from the journal
        SHA256SUMS      of all files; `sha256sum -c SHA256SUMS` checks them
        custody.txt     who sealed, copied and received it, and when

Only lines of custody are written into a sealed folder. The originals stay in place and become read-only.
"""

import contextlib
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from flailpilot.exit_status import DONE
from flailpilot.run_folder import JOURNAL, RECORDING, SEALED, next_free
from vehicle.config.drive import load_drive
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, HeldBack, Observed, Revoke
from vehicle.host.clock import utc_now
from vehicle.operator_link.keystore import KeyStore
from vehicle.records import journal, reader
from vehicle.records.records import Note, Session
from vehicle.runtime.run_manifest import MANIFEST

SUMS, CUSTODY = "SHA256SUMS", "custody.txt"
BEFORE: Final = timedelta(hours=24)
READ_ONLY: Final = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
COPY_BYTES: Final = 1 << 20
BESIDE_KEYS: Final = (".latches", ".checks", ".starts")


class Asked(msgspec.Struct, frozen=True):
    """The options of the command line. `before`: with the runs of the 24 hours before. `keep_free_mb`: room left."""

    run: Path
    who: str
    reason: str
    config: Path | None
    copy_to: Path | None
    before: bool = True
    keep_free_mb: int = 0


def run(asked: Asked) -> int:
    """Copy the evidence and seal it.

    Raises:
        InputError: There is no run, no name was given, or a disk refuses to write; the files copied so far are named.
    """
    for name, text in (("--who", asked.who), ("--reason", asked.reason)):
        if not text.strip() or not text.isprintable() or len(text) > 500:
            raise InputError(f"{name}: write one line of text: it becomes part of the custody of this evidence")
    if not (asked.run / RECORDING).exists() and not (asked.run / JOURNAL).exists():
        raise InputError(f"{asked.run}: holds neither {RECORDING} nor {JOURNAL}; name the folder of a run")
    if asked.copy_to is not None and not asked.copy_to.is_dir():
        raise InputError(f"--copy-to {asked.copy_to}: is no folder; name one on the second medium")
    now = utc_now()
    above = asked.run.resolve().parent
    _check_room(asked, above, now)
    # made here: two that begin in the same second have a folder each
    folder = next_free(above / f"incident-{now:%Y%m%dT%H%M%SZ}", lambda _, *, made: made)
    with _told(folder):
        notes = _filled(folder, asked, now)
        count = _listed(folder)
        _custody(folder, now, asked.who, f"sealed {count} files of {asked.run.name}: {asked.reason}")
        _protect(asked.run.resolve(), folder.name)
    lines = [f"sealed: {count} files in {folder}; check them there with `sha256sum -c {SUMS}`", *notes]
    if asked.copy_to is not None:
        lines += _copied(folder, asked.copy_to, asked.who)
    else:
        lines.append(
            "on one medium only: copy it with --copy-to DIR, or copy it yourself, before this disk is used again"
        )
    print("\n".join(lines))
    return DONE


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn disk errors into one line. Raises InputError if a disk refuses to write."""
    try:
        yield
    except OSError as refusal:
        why = (refusal.strerror or str(refusal)).lower()
        raise InputError(
            f"{folder}: {refusal.filename or ''} {why}; the files copied so far stay, nothing is sealed: free the "
            "disk, or name another medium, and seal it again"
        ) from None


def _filled(folder: Path, asked: Asked, now: datetime) -> list[str]:
    """Copy all files; return lines about missing ones."""
    notes: list[str] = []
    here = asked.run.resolve()
    _copy_tree(here, folder / "run")
    path = here / JOURNAL
    started = _start_of(here, now)
    if path.exists():
        beside = path.resolve().parent
        if beside != here:  # the vehicle's own folder of journals
            _copy_files(beside.iterdir(), folder / "record")
        notes += _written_checks(folder / "checks.json", path, started)
    else:
        notes.append(f"it has no {JOURNAL}: checks of the last 24 hours are only in the recordings")
    if asked.before:
        recent = _recent(here, started)
        for one in recent:
            _copy_tree(one, folder / "before" / one.name)
        notes.append(f"{len(recent)} runs of the 24 hours before are included")
    else:
        notes.append("runs of the 24 hours before are not included (--no-before): only an earlier seal would hold them")
    notes += _configuration(folder / "configuration", here, asked.config)
    if not _ended(here):
        notes.append(f"{asked.run} has not ended: what its program writes from now on is not included")
    return notes


def _recent(here: Path, started: datetime) -> list[Path]:
    return [one for one in sorted(here.parent.iterdir()) if one != here and _within(one, started)]


def _check_room(asked: Asked, above: Path, now: datetime) -> None:
    """Check the disk before anything is copied. Raises InputError if the copies do not fit."""
    here = asked.run.resolve()
    trees = [here, *(_recent(here, _start_of(here, now)) if asked.before else ())]
    needed = sum(path.stat().st_size for tree in trees for path in tree.rglob("*") if path.is_file())
    free = shutil.disk_usage(above).free - asked.keep_free_mb * 1_000_000
    if needed > free:
        raise InputError(
            f"{above}: the evidence is {needed / 1e6:,.0f} MB, {max(free, 0) / 1e6:,.0f} MB are free for it; nothing "
            "is sealed yet: copy the folder to another medium as it is, make room, and seal it again"
        )


def _ended(folder: Path) -> bool:
    """Whether a run was ended in order."""
    return bool(_said(folder).get("end_utc"))


def _configuration(folder: Path, here: Path, config: Path | None) -> list[str]:
    """Copy the vehicle's configuration from its recording and its files; of keys only the names."""
    folder.mkdir()
    notes: list[str] = []
    if (here / RECORDING).exists():
        try:
            for name, content in reader.read(here / RECORDING, ()).attachments.items():
                if name.endswith(".json"):
                    (folder / f"recorded-{Path(name).name}").write_bytes(content)
        except InputError as refusal:
            notes.append(f"{refusal}: its configuration cannot be read")
    if config is None:
        return [*notes, "no --config: the configuration is from the recording, and names of keys are not included"]
    return [*notes, *_told_configuration(folder, config)]


def _told_configuration(folder: Path, config: Path) -> list[str]:
    """Copy the files that `--config` names. Unreadable ones are reported, and the rest is sealed all the same."""
    try:
        file = load_drive(config)
    except InputError as refusal:
        # a file with another name may be a key file given by mistake
        _copy_files((path for path in (config,) if path.suffix == ".toml"), folder)
        held = "the file is included unchanged" if (folder / config.name).exists() else "the file is not included"
        return [f"{refusal}: {held}; the files that it names and the names of keys are not: copy those files yourself"]
    notes: list[str] = []
    names = [config, *((file.beside(file.config.machine),) if file.config.machine.endswith(".toml") else ())]
    names += [file.beside(one) for one in (file.config.task, file.config.site and file.config.site.file) if one]
    if file.config.keys_file is not None:
        keys = file.beside(file.config.keys_file)
        names += [keys.with_suffix(suffix) for suffix in BESIDE_KEYS]
        notes += _key_names(folder, keys)
    else:
        notes.append(f"{config}: names no keys")
    _copy_files((name for name in names if name.is_file()), folder)
    return notes


def _key_names(folder: Path, keys: Path) -> list[str]:
    try:
        held = KeyStore(keys).load()
    except InputError as refusal:
        return [f"{refusal}: names of keys are not included"]
    rows = [
        {name: value for name, value in msgspec.to_builtins(key).items() if name != "secret"}
        | {"stop_only": key in held.stop_only}
        for key in held.every
    ]
    (folder / "key-names.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return []


def _written_checks(to: Path, path: Path, started: datetime) -> list[str]:
    """Write the readable part of a journal to a file and report the rest; the journal itself is included unchanged."""
    try:
        found = journal.read(path)
    except InputError as refusal:
        return [f"{refusal}: it is included unchanged, but checks of the last 24 hours are only in the recordings"]
    to.write_text(json.dumps(_checks(found, started), indent=1) + "\n", encoding="utf-8")
    return [] if found.lost is None else [f"{found.lost.text}: {to.name} holds the records before that"]


def _checks(found_in: journal.Journal, started: datetime) -> list[object]:
    """Return checks, observations and withdrawals of each program start in the 24 hours before."""
    found: list[object] = []
    wanted = True
    for row in found_in.records:
        if isinstance(row, Session):
            moment = _moment(row.utc)
            wanted = moment is None or moment >= started - BEFORE
        if wanted and isinstance(row, Session | Confirm | Observed | Revoke | HeldBack | Note):
            found.append(msgspec.to_builtins(row))
    return found


def _start_of(folder: Path, now: datetime) -> datetime:
    """Return when a run began; the present time if unknown, so that nothing of the last 24 hours is left out."""
    return _moment(_said(folder).get("start_utc", "")) or now


def _said(folder: Path) -> dict[str, Any]:
    """Return a run's own facts; empty if they cannot be read."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _within(folder: Path, started: datetime) -> bool:
    """Whether a run began in the 24 hours before; a run without a time counts too."""
    if not folder.is_dir() or folder.is_symlink() or not (folder / MANIFEST).exists():
        return False
    return started - BEFORE <= _start_of(folder, started) <= started


def _copy_tree(source: Path, to: Path) -> None:
    """Copy every file below a folder, following links once; earlier sealed folders are left out."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and not any(part.startswith("incident-") for part in path.relative_to(source).parts):
            _copy(path, to / path.relative_to(source))


def _copy_files(paths: Iterable[Path], to: Path) -> None:
    for path in paths:
        if path.is_file():
            _copy(path, to / path.name)


def _copy(source: Path, to: Path) -> None:
    """Copy a file, read-only and with its times; it is on the disk on return."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, to.open("xb") as copy:
        shutil.copyfileobj(file, copy, COPY_BYTES)
        copy.flush()
        os.fsync(copy.fileno())
    shutil.copystat(source, to)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(folder: Path) -> int:
    """Write the list of hashes of all files except itself and the custody; all become read-only."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (SUMS, CUSTODY))
    lines = [f"{_sum(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    for path in (*files, folder / SUMS):
        path.chmod(READ_ONLY)
    return len(files)


def _custody(folder: Path, now: datetime, who: str, act: str) -> None:
    """Append a line: when, who, what, and the hash of the list concerned."""
    with (folder / CUSTODY).open("a", encoding="utf-8") as file:
        file.write(f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} | {who} | {act} | {SUMS} {_sum(folder / SUMS)}\n")
        file.flush()
        os.fsync(file.fileno())


def _protect(run_folder: Path, name: str) -> None:
    """Make the originals read-only, so that nothing overwrites them; the vehicle's journal stays writable."""
    for path in run_folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(READ_ONLY)
    if (run_folder / SEALED).exists():
        return
    (run_folder / SEALED).write_text(f"sealed in {name}\n", encoding="utf-8")


def _copied(folder: Path, medium: Path, who: str) -> list[str]:
    """Copy to a second medium, read it back and compare. Raises InputError if the copy differs."""
    to = medium.resolve() / folder.name
    with _told(to):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                _copy(path, to / path.relative_to(folder))
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        expected, name = line.split("  ", 1)
        if _sum(to / name) != expected:
            raise InputError(f"{to / name}: differs from the original; this medium is defective, use another one")
    for one in (folder, to):
        _custody(one, utc_now(), who, f"copied to {to}")
    same = folder.stat().st_dev == medium.stat().st_dev
    warning = [f"{medium} is on the same disk and therefore no second medium"] if same else []
    return [f"copied to {to}, read back and found equal", *warning]
