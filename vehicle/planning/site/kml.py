"""Converts KML and KMZ to a site file: placemarks with all shapes. Anything unreadable is refused and named."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import NAME_MAX
from vehicle.planning.site.notes import Notes
from vehicle.planning.site.plain_number import plain_number
from vehicle.planning.site.reading import SiteFile, collected
from vehicle.planning.site.role_sources import Kind, Source, field_source
from vehicle.planning.site.strays import OF_SHAPE, meant

KMZ_MAX_BYTES = 64 * 1024 * 1024
"""Largest unpacked size; a site has kilobytes, and more is no site or a decompression bomb."""
FILES_MAX = 200
"""Largest number of KML files in one archive."""
WHY_MAX = 160
"""Number of letters of what a file's reader says in a message: it may quote the file."""
FORKS = "__MACOSX/"
"""Folder in which macOS archives keep attributes of files under the names of the files; nothing of a site is in it."""
PICTURES = ("groundoverlay", "screenoverlay", "photooverlay")
NUMBERS = ("slope_deg", "radius_m")
ANSWERED = ("said_by", "basis", "said_on")
Times = tuple[tuple[str, str], ...]
"""What TimeStamp and TimeSpan of a placemark or folder say: (element, text)."""
ELSEWHERE = ("kmz", "shp", "gpkg", "geojson", "gpx", "dae")


def read_kml(path: Path) -> SiteFile:
    """Read placemarks with polygons, closed lines, lines and points. Raises InputError if the file is no KML."""
    notes, fields = Notes(), dict[str, Any]()
    features = kml_features(path, path.read_bytes(), notes, fields)
    return collected(path, _timeless(features), notes, fields=fields)


def read_kmz(path: Path) -> SiteFile:
    """Read every KML file inside the archive. Raises InputError as `kmz_features` does."""
    notes, fields = Notes(), dict[str, Any]()
    features = kmz_features(path, path.read_bytes(), notes, fields)
    return collected(path, _timeless(features), notes, fields=fields)


def kml_features(
    path: Path, content: bytes, notes: Notes, fields: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the placemarks as GeoJSON features, each with its `times`.

    `fields` receives what the document says of the whole site. Raises InputError if the content is no KML.
    """
    return list(_Document(path, content, notes, "", (), {} if fields is None else fields).features(0))


def kmz_features(
    path: Path, content: bytes, notes: Notes, fields: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the placemarks of every KML file inside an archive as GeoJSON features; `fields` as for one file.

    Raises:
        InputError: The archive or a file in it cannot be read, or refers to a file that is not in it.
    """
    features: list[dict[str, Any]] = []
    wide = {} if fields is None else fields
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.startswith(FORKS)]
            files = [entry for entry in entries if entry.filename.lower().endswith(".kml")]
            _check_entries(path, entries, files)
            inside = tuple(entry.filename for entry in files)
            for entry in files:
                prefix = f"{entry.filename} " if len(files) > 1 else ""
                document = _Document(path, archive.read(entry), notes, prefix, inside, wide)
                features += document.features(len(features))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        why = " ".join(str(error).split())[:WHY_MAX]
        raise InputError(f"{path}: not a KMZ archive that can be read ({why}); save it as KML") from None
    return features


def _check_entries(path: Path, entries: list[zipfile.ZipInfo], files: list[zipfile.ZipInfo]) -> None:
    if not files:
        raise InputError(f"{path}: no .kml inside; save it as KML")
    if len(files) > FILES_MAX or sum(entry.file_size for entry in files) > KMZ_MAX_BYTES:
        size = sum(entry.file_size for entry in files)
        raise InputError(f"{path}: {len(files)} KML files of {size} bytes inside, too many; save it as one KML")
    for entry in entries:
        if entry.filename.lower().rsplit(".", 1)[-1] in ELSEWHERE:
            raise InputError(f"{path}: holds {entry.filename}, which is not read; save it as one KML")


def _timeless(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return features without their times, which say nothing of a site."""
    return [{key: value for key, value in feature.items() if key != "times"} for feature in features]


class _Builder(ET.TreeBuilder):
    """Refuses a DOCTYPE in any encoding, because entities can expand a small file without limit."""

    def doctype(self, name: str, _pubid: str | None, _system: str | None) -> None:
        """Called by the parser.

        Raises:
            ParseError: always.
        """
        raise ET.ParseError(f"DOCTYPE of {name}, no site needs one")


class _Document:
    """One KML file; `prefix` names it where an archive holds several, `inside` the files that it may refer to."""

    def __init__(
        self, path: Path, raw: bytes, notes: Notes, prefix: str, inside: tuple[str, ...], fields: dict[str, Any]
    ) -> None:
        self.path, self.notes, self.prefix, self.inside, self.fields = path, notes, prefix, inside, fields
        self.read: set[int] = set()
        label = f"{path}: {prefix.strip()}".removesuffix(": ")
        parser = ET.XMLParser(target=_Builder())  # noqa: S314  no entities: see _Builder
        try:
            self.root = ET.fromstring(raw, parser)  # noqa: S314
        except (ET.ParseError, LookupError, ValueError) as error:  # the latter two: unknown encodings
            raise InputError(f"{label}: not well-formed XML ({error}); save it as KML again") from None
        if _tag(self.root) != "kml":
            raise InputError(f"{label}: XML, but not KML (its root is {_tag(self.root)!r}); save it as KML")

    def features(self, first: int) -> Iterator[dict[str, Any]]:
        """Return all placemarks, numbered from `first`; shapes outside a placemark are refused.

        Raises:
            InputError: a placemark cannot be read, or coordinates stand outside of one.
        """
        for number, (placemark, above, times) in enumerate(self._placemarks(self.root, (), ()), start=first):
            yield _Placemark(self, placemark, number, above).feature() | {"times": times}
        at = f"{self.path}: {self.prefix}"
        lost = next((node for node in self.root.iter() if _is_drawn(node) and id(node) not in self.read), None)
        if lost is not None:
            raise InputError(
                f"{at}coordinates {' '.join((lost.text or '').split())[:NAME_MAX]!r} stand where no placemark's shape "
                "is; save it as KML again"
            )

    def _placemarks(self, node: Any, above: tuple[Source, ...], times: Times) -> Iterator[tuple[Any, Any, Times]]:
        """Yield each placemark with the names above it and its times, else those of the nearest folder."""
        tag, times = _tag(node), _times(node) or times
        if tag == "placemark":
            yield node, above, times
            return
        if tag == "networklink":
            self._check_link(node)
        elif tag in ("update", "networklinkcontrol"):
            raise InputError(f"{self.path}: {self.prefix}changes another file ({tag}); save it as one KML")
        elif tag in PICTURES:
            name = _own_text(node, "name") or tag
            self.notes.warn(f"{self.prefix}{name}: a picture ({tag}) was left out; nothing drawn in it is known")
            self.read |= {id(part) for part in node.iter()}
        else:
            inner = (*self._names(node, tag), *above)
            for part in node:
                yield from self._placemarks(part, inner, times)

    def _names(self, node: Any, tag: str) -> Iterator[Source]:
        """Return the names that a folder gives to everything in it."""
        if tag not in ("folder", "document"):
            return
        kind = Kind.FOLDER if tag == "folder" else Kind.DOCUMENT
        if name := _own_text(node, "name"):
            yield Source(kind, tag, name)
        for data in (part for part in node if _tag(part) == "extendeddata"):
            for key, value in _pairs(data):
                self._keep(tag, key, value)
                source = field_source(key, value)
                if source.kind is Kind.ROLE:
                    yield Source(Kind.FOLDER, f"{tag} role", value)

    def _keep(self, tag: str, key: str, value: str) -> None:
        """Keep what a document says of the whole site. Raises InputError for a figure that is not read there."""
        known = meant(key)
        if value == "" or not (known or key in ANSWERED):
            return
        if tag == "folder" or known in OF_SHAPE:
            raise InputError(
                f"{self.path}: {self.prefix}{tag} says {key} {value!r}, which is not read there; write it in the "
                "placemark that it is of"
            )
        if self.fields.get(key, value) != value:
            raise InputError(
                f"{self.path}: {self.prefix}{key} is declared twice, as {self.fields[key]!r} and {value!r}; keep one"
            )
        self.fields[key] = value

    def _check_link(self, node: Any) -> None:
        target = next((part.text or "" for part in node.iter() if _tag(part) == "href"), "").strip()
        if target.removeprefix("./") not in self.inside:
            link = f"NetworkLink {_own_text(node, 'name') or ''!r} leads to {target or 'nowhere'!r}"
            raise InputError(f"{self.path}: {self.prefix}{link}, which is not read; save it as one KML")


class _Placemark:
    """One placemark and its shapes."""

    def __init__(self, document: _Document, node: Any, number: int, above: tuple[Source, ...]) -> None:
        self.document, self.node, self.number, self.above = document, node, number, above
        self.name = " ".join((_own_text(node, "name") or "").split())
        self.place = f"{document.prefix}placemark {number}" + (f" ({self.name[:NAME_MAX]})" if self.name else "")
        self.parts: list[dict[str, Any]] = []

    def feature(self) -> dict[str, Any]:
        """Return the placemark as GeoJSON, several shapes as a collection. Raises InputError for a model."""
        for part in self.node:
            self._shape(part)
        polygons = [part["coordinates"] for part in self.parts if part["type"] == "Polygon"]
        geometry: dict[str, Any] | None
        if polygons and len(polygons) == len(self.parts):
            geometry = {"type": "MultiPolygon", "coordinates": polygons}
        elif self.parts:
            geometry = (
                self.parts[0] if len(self.parts) == 1 else {"type": "GeometryCollection", "geometries": self.parts}
            )
        else:
            geometry = None
        pairs = [pair for part in self.node if _tag(part) == "extendeddata" for pair in _pairs(part)]
        return {
            "type": "Feature",
            "place": self.place,
            "number": self.number,
            "properties": self._properties(pairs),
            "says": (*self._own_words(), *(field_source(*pair) for pair in pairs), *self.above),
            "geometry": geometry,
        }

    def _properties(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Return the data as properties; slope and radius become numbers. Raises InputError for a key of two values."""
        found: dict[str, Any] = {}
        for key, value in pairs:
            if value != "" and found.setdefault(key, value) != value:
                raise InputError(
                    f"{self.document.path}: {self.place}: {key} stands twice, as {found[key]!r} and {value!r}; keep one"
                )
        for key, value in found.items():
            if meant(key) in NUMBERS and (number := plain_number(value)) is not None:  # else told where they are read
                found[key] = number
        return found

    def _own_words(self) -> Iterator[Source]:
        if self.name:
            yield Source(Kind.NAME, "name", self.name)
        for key in ("description", "snippet", "address"):
            if text := _own_text(self.node, key):
                yield Source(Kind.PROSE, key, text)
        if style := _own_text(self.node, "styleurl"):
            yield Source(Kind.STYLE, "style", style)
        for own in (part for part in self.node.iter() if part.get("id")):
            yield Source(Kind.STYLE, "id", str(own.get("id")))

    def _shape(self, node: Any) -> None:
        match _tag(node):
            case "polygon":
                self._add("Polygon", self._rings(node))
            case "linearring":
                ring = self._one(node)
                self._add("LineString", ring if not ring or ring[0] == ring[-1] else [*ring, ring[0]])
            case "linestring":
                self._add("LineString", self._one(node))
            case "point":
                for at in self._one(node):
                    self._add("Point", at)
            case "track":
                self._add("LineString", self._track(node))
            case "multigeometry" | "multitrack":
                for part in node:
                    self._shape(part)
            case "model":
                raise InputError(
                    f"{self.document.path}: {self.place} is a model of something that stands there; draw its outline "
                    "as a polygon with role keep_out"
                )
            case _:
                return

    def _add(self, kind: str, coordinates: list[Any]) -> None:
        self.parts.append({"type": kind, "coordinates": coordinates})

    def _rings(self, node: Any) -> list[Any]:
        """Return the outer ring, then all rings of all inner boundaries."""
        outer = [c for part in node if _tag(part) == "outerboundaryis" for c in part.iter() if _is_drawn(c)]
        inner = [c for part in node if _tag(part) == "innerboundaryis" for c in part.iter() if _is_drawn(c)]
        if len(outer) != 1:
            raise InputError(
                f"{self.document.path}: {self.place}: a Polygon needs one outerBoundaryIs with one ring, this has "
                f"{len(outer)}"
            )
        rings = [self._positions(part) for part in (*outer, *inner)]
        return [ring for number, ring in enumerate(rings) if ring or number == 0]

    def _one(self, node: Any) -> list[list[float]]:
        found = [part for part in node.iter() if _is_drawn(part)]
        if len(found) > 1:
            raise InputError(
                f"{self.document.path}: {self.place}: {len(found)} lists of coordinates in one shape; keep one"
            )
        return self._positions(found[0]) if found else []

    def _positions(self, node: Any) -> list[list[float]]:
        self.document.read.add(id(node))
        text = node.text or ""
        words = text.split()
        if not all(_is_position(word) for word in words):  # people type `17.1, 44.8, 0`
            words = ",".join(part.strip() for part in text.split(",")).split()
        return [self._numbers(number, word, word.split(",")) for number, word in enumerate(words)]

    def _track(self, node: Any) -> list[list[float]]:
        found = [part for part in node.iter() if _is_drawn(part)]
        self.document.read |= {id(part) for part in found}
        return [self._numbers(n, part.text or "", (part.text or "").split()) for n, part in enumerate(found)]

    def _numbers(self, number: int, text: str, words: list[str]) -> list[float]:
        values = [plain_number(word) for word in words if word]
        if None in values or len(values) > 3:
            raise InputError(f"{self.document.path}: {self.place} position {number} is {text!r}; write lon,lat")
        return [value for value in values if value is not None]


def _is_position(word: str) -> bool:
    values = [value for value in word.split(",") if value]
    return 2 <= len(values) <= 3 and all(plain_number(value) is not None for value in values)


def _pairs(data: Any) -> list[tuple[str, str]]:
    """ExtendedData: Data with a value, SimpleData, or elements of another namespace."""
    found = []
    for node in data.iter():
        key = node.get("name")
        if _tag(node) == "data" and key:
            found.append((key, (_own_text(node, "value") or "").strip()))
        elif _tag(node) == "simpledata" and key:
            found.append((key, (node.text or "").strip()))
        elif _tag(node) not in ("value", "displayname", "extendeddata", "schemadata") and not len(node) and not key:
            found.append((_tag(node), (node.text or "").strip()))
    return found


def _times(node: Any) -> Times:
    """Return the times of a node itself, not of views and tracks in it; empty ones say nothing."""
    found = []
    for part in node:
        if _tag(part) == "timestamp":
            found.append(("<TimeStamp>", _own_text(part, "when")))
        elif _tag(part) == "timespan":
            found += [(f"<TimeSpan> {bound}", _own_text(part, bound)) for bound in ("begin", "end")]
    return tuple((key, text.strip()) for key, text in found if text and text.strip())


def _is_drawn(node: Any) -> bool:
    return _tag(node) in ("coordinates", "coord")


def _own_text(node: Any, tag: str) -> str | None:
    """Return the text of the child with this tag, without markup."""
    return next(("".join(part.itertext()) for part in node if _tag(part) == tag), None)


def _tag(node: Any) -> str:
    """Return a tag in lower case without its namespace, because files differ in spelling."""
    return str(node.tag).rsplit("}", 1)[-1].lower()
