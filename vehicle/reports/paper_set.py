"""Papers are put into their folder as one set: the old ones or the new ones, and never some of each.

The new set is made whole in a folder beside, written to the disk, and only then put in place: first all old papers go,
then all new ones come. So whatever ends the program in between leaves papers of one set. Where the disk refuses, the
way back is the same: all new ones go, then the old ones come back.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

Maker = Callable[[Path], Sequence[Path]]
"""Writes the files of a set into a folder, and says which."""
OLD: Final = "old"
AS_THEY_WERE: Final = "the papers that were there are as they were"


class SetError(OSError):
    """A set could not be put in place; `left`: which papers are there now, in words."""

    def __init__(self, cause: OSError, left: str) -> None:
        super().__init__(cause.errno, cause.strerror or str(cause), cause.filename)
        self.left = left


def write_set(folder: Path, make: Maker, names: Iterable[str] = ()) -> tuple[Path, ...]:
    """Make a set, and put it in the place of the one in `folder`: their places, in the order in which they were made.

    `names`: all that a set may hold; those of them that this set does not hold are taken away with the old ones.

    Raises:
        SetError: They cannot be put in place; it says which papers are there now.
        OSError: They cannot be made; what was there before still is.
    """
    fresh = Path(tempfile.mkdtemp(prefix=".papers-", dir=folder))
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
    """A name that comes before its content is an empty file when the power fails."""
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
    """The way back, and which papers are there after it, in words. As long as a new one stays no old one comes back."""
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


def _removed(fresh: Path) -> None:
    """What cannot be removed stays, hidden: the papers are in place by then, or were never touched."""
    shutil.rmtree(fresh, ignore_errors=True)
