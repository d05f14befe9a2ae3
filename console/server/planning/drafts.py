"""Stores every step of a drawing on disk, so that nothing drawn is lost and undo works after a restart.

A drawing is a folder with `0001.json`, `0002.json`, ... and `at.json`, which names the shown step. Runs in the worker
process, because files are synced, which may take long.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Any, Final

import msgspec

from console.server.planning.document import Document, geojson_of
from console.server.planning.names import plain_name
from console.server.planning.sites import SiteRequest, told
from vehicle.contracts.errors import InputError

STEPS_MAX: Final = 500
NAME: Final = re.compile(r"[0-9a-f]{8}")


class At(msgspec.Struct, frozen=True, kw_only=True):
    """The shown step, and the first and the last existing step."""

    at: int
    first: int
    last: int


def saved(path: Path, content: bytes) -> None:
    """Replace a whole file. Raises OSError if that fails."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Drafts:
    """All drawings below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self, document: Document) -> dict[str, Any]:
        """Create a drawing with this first step. Raises OSError if it cannot be saved."""
        name = secrets.token_hex(4)
        (self._folder / name).mkdir(parents=True)
        return self._written(name, document, At(at=1, first=1, last=1))

    def put(self, name: str, at: int, document: Document) -> dict[str, Any]:
        """Store the next step after step `at`; later steps are dropped, as usual after undo.

        Raises:
            InputError: There is no such drawing, or it shows another step because another window changed it.
            OSError: It cannot be saved.
        """
        was = self._at(name)
        if was.at != at:
            raise InputError("The drawing was changed in another window: open it again; all its steps are kept")
        step = was.at + 1
        for later in range(step, was.last + 1):
            self._path(name, later).unlink(missing_ok=True)
        first = max(was.first, step - STEPS_MAX + 1)
        for old in range(was.first, first):
            self._path(name, old).unlink(missing_ok=True)
        return self._written(name, document, At(at=step, first=first, last=step))

    def move(self, name: str, at: int) -> dict[str, Any]:
        """Show another step.

        Raises:
            InputError: There is no such step.
        """
        was = self._at(name)
        if isinstance(at, bool) or not isinstance(at, int) or not was.first <= at <= was.last:
            raise InputError(f"The drawing has no step {at}: it has {was.first} to {was.last}")
        now = msgspec.structs.replace(was, at=at)
        saved(self._folder / name / "at.json", msgspec.json.encode(now))
        return self.shown(name)

    def shown(self, name: str) -> dict[str, Any]:
        """Return the shown step and the readers' result for it. Raises InputError if there is no such drawing."""
        now = self._at(name)
        return {"id": name, **msgspec.to_builtins(now), **self._judged(name, now, self._document(name, now.at))}

    def site(self, name: str) -> SiteRequest:
        """Return the shown step as a site file. Raises InputError if there is no such drawing."""
        now = self._at(name)
        return self._request(name, self._document(name, now.at))

    def listed(self) -> list[dict[str, Any]]:
        """Return all drawings, the newest first."""
        rows = []
        for path in sorted(self._folder.glob("*/at.json"), key=lambda path: -path.stat().st_mtime):
            try:
                document = self._document(path.parent.name, self._at(path.parent.name).at)
            except InputError:
                continue
            rows.append({"id": path.parent.name, "name": document.name, "shapes": len(document.shapes)})
        return rows

    def _written(self, name: str, document: Document, now: At) -> dict[str, Any]:
        saved(self._path(name, now.at), msgspec.json.encode(document))
        saved(self._folder / name / "at.json", msgspec.json.encode(now))
        return {"id": name, **msgspec.to_builtins(now), **self._judged(name, now, document)}

    def _judged(self, name: str, now: At, document: Document) -> dict[str, Any]:
        """Return the readers' result for a step, with the document as the page drew it."""
        del now
        mine = msgspec.to_builtins(document)
        if not any(shape.rings for shape in document.shapes):
            return {"document": mine, "error": None, "where": None, "named": [], "site": None}
        found = told(self._request(name, document))
        named = found.get("named", [])
        return {
            "document": mine, "error": found.get("error"), "where": found.get("where"), "named": named,
            "site": found.get("site"),
        }  # fmt: skip

    def _request(self, name: str, document: Document) -> SiteRequest:
        path = self._folder / name / "files" / f"{plain_name(document.name)}.geojson"
        path.parent.mkdir(exist_ok=True)
        saved(path, geojson_of(document))
        return SiteRequest(path=str(path), name=path.name, datum=document.datum)

    def _path(self, name: str, step: int) -> Path:
        return self._folder / name / f"{step:04d}.json"

    def _at(self, name: str) -> At:
        found: At = self._loaded(name, self._folder / name / "at.json", At)
        return found

    def _document(self, name: str, step: int) -> Document:
        found: Document = self._loaded(name, self._path(name, step), Document)
        return found

    def _loaded(self, name: str, path: Path, kind: Any) -> Any:
        if not NAME.fullmatch(name):
            raise InputError(f"no drawing {name!r}")
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            raise InputError(f"no drawing {name!r}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"drawing {name}: {path.name} cannot be read ({error})") from None
