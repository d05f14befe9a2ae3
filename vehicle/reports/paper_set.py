"""Papers are put into their folder as one set: the old ones or the new ones, and never some of each.

The new set is first completed in a separate folder and flushed to the disk. Then it is put in place: first all old
papers are moved away, then all new ones are moved in. So if the program ends in between, the folder holds papers of one
set only. If the disk refuses, the steps are undone in the same way: all new papers are moved away, then the old ones
are moved back.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

Maker = Callable[[Path], Sequence[Path]]
"""Function that writes the files of a set into a folder and returns their paths."""
PREFIX: Final = ".papers-"
OLD: Final = "old"
AS_THEY_WERE: Final = "the papers that were there are as they were"


class SetError(OSError):
    """A set could not be put in place; `left`: which papers the folder holds now, in words."""

    def __init__(self, cause: OSError, left: str) -> None:
        super().__init__(cause.errno, cause.strerror or str(cause), cause.filename)
        self.left = left


def write_set(folder: Path, make: Maker, names: Iterable[str] = ()) -> tuple[Path, ...]:
    """Make a set and replace the set in `folder` by it; return the paths in the order in which the files were made.

    `names`: all names that a set may hold; old files with these names that are not in the new set are removed.

    Raises:
        SetError: The set cannot be put in place; the error says which papers the folder holds now.
        OSError: The files cannot be made; the old papers are unchanged.
    """
    _clear_up(folder)
    fresh = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder))
    keep = False
    try:
        made = tuple(make(fresh))
        for path in made:
            _to_disk(path)
        (fresh / OLD).mkdir()
        return _exchanged(folder, fresh, made, dict.fromkeys([*names, *(path.name for path in made)]))
    except SetError as error:
        keep = error.left != AS_THEY_WERE
        raise
    finally:
        if not keep:
            _removed(fresh)


def _to_disk(path: Path) -> None:
    """Flush a file to the disk before its name is moved: otherwise a power cut could leave an empty file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _exchanged(folder: Path, fresh: Path, made: Sequence[Path], names: Iterable[str]) -> tuple[Path, ...]:
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{name} is a folder", str(folder / name))
    old = [(folder / name, fresh / OLD / name) for name in names if (folder / name).exists()]
    new = [(path, folder / path.name) for path in made]
    gone: list[tuple[Path, Path]] = []
    come: list[tuple[Path, Path]] = []
    try:
        for moves, done in ((old, gone), (new, come)):
            for source, place in moves:
                source.replace(place)
                done.append((source, place))
    except BaseException as error:  # Ctrl-C, too
        left = _taken_back(fresh, come, gone)
        if isinstance(error, OSError):
            raise SetError(error, left) from error
        raise
    return tuple(place for _, place in new)


def _taken_back(fresh: Path, come: list[tuple[Path, Path]], gone: list[tuple[Path, Path]]) -> str:
    """Undo the replacement and return in words which papers are there; no old one returns while a new one stays."""
    stuck = [place.name for source, place in reversed(come) if not _moved(place, source)]
    if stuck:
        return f"of the new papers {', '.join(sorted(stuck))} are there, and no old one: those lie in {fresh / OLD}"
    lost = [source.name for source, place in reversed(gone) if not _moved(place, source)]
    if lost:
        return f"of the old papers {', '.join(sorted(lost))} lie in {fresh / OLD} now; of the new ones none is there"
    return AS_THEY_WERE


def _moved(source: Path, place: Path) -> bool:
    try:
        source.replace(place)
    except OSError:
        return False
    return True


def _clear_up(folder: Path) -> None:
    """Remove what a program left that was ended while it made papers; not if old papers lie in it alone."""
    if os.name != "posix":  # there nobody can be asked without being ended
        return
    for path in folder.glob(f"{PREFIX}*-*"):
        number = path.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)) and not any((path / OLD).glob("*")):
            _removed(path)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def _removed(fresh: Path) -> None:
    """Remove the temporary folder; if that fails it stays hidden, because the papers are complete in any case."""
    shutil.rmtree(fresh, ignore_errors=True)
