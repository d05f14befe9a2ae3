"""Contamination scores per grid cell from GeoTIFF or CSV, to rank work areas. Missing data is not the same as 0.

GeoTIFFs are read in windows (rasterio, the extra `raster`), so that memory does not grow with the grid.
"""

import contextlib
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import FloatArray, LocalFrame
from vehicle.reports.spreadsheet import plain_heading, spreadsheet

TERMS: Final = ("historic", "soil", "visual")
COLUMNS: Final = ("lon_deg", "lat_deg", *TERMS)


class Cells(msgspec.Struct, frozen=True, kw_only=True):
    """Cells: centres (n, 2) as (lon, lat) in degrees, terms (n, 3), NaN where there is no data."""

    lonlat_deg: FloatArray
    terms: FloatArray

    @property
    def scores(self) -> FloatArray:
        """Return P_c of each cell (n,): NaN where a term has no data."""
        return np.asarray(self.terms.sum(axis=1) / 3.0)


class AreaScore(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the work area: mean and largest score, number of cells with and without a score.

    `number`: of the piece, not of a shape in the site file, because shapes that touch make one piece. `inside_deg`:
    a point in it, (lat, lon). `names`: the shapes of the site file of which it is made, "" if they are not known.
    """

    number: int
    area_m2: float
    mean: float | None
    most: float | None
    cells: int
    cells_without_data: int
    inside_deg: tuple[float, float] = (math.nan, math.nan)
    names: str = ""


def ordered(area: Any, datum: LocalFrame, cells: Iterator[Cells]) -> list[AreaScore]:
    """Return the polygons of a work area (ENU metres), highest mean score first; those without a score last."""
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    shapely.prepare(parts)
    sums, most = np.zeros(len(parts)), np.full(len(parts), -math.inf)
    known, empty = np.zeros(len(parts), int), np.zeros(len(parts), int)
    for block in cells:
        points_m, scores = datum.enu_from_lonlat_array(block.lonlat_deg), block.scores
        for place, part in enumerate(parts):
            inside = scores[shapely.contains_xy(part, points_m[:, 0], points_m[:, 1])]
            good = inside[np.isfinite(inside)]
            sums[place] += good.sum()
            most[place] = max(most[place], float(good.max(initial=-math.inf)))
            known[place] += good.size
            empty[place] += inside.size - good.size
    found = [
        AreaScore(
            number=place + 1,
            area_m2=part.area,
            mean=float(sums[place] / known[place]) if known[place] else None,
            most=float(most[place]) if known[place] else None,
            cells=int(known[place]),
            cells_without_data=int(empty[place]),
            inside_deg=_inside_deg(part, datum),
        )
        for place, part in enumerate(parts)
    ]
    return sorted(found, key=lambda row: (row.mean is None, -(row.mean or 0.0), row.number))


def _inside_deg(part: Any, datum: LocalFrame) -> tuple[float, float]:
    point = part.representative_point()
    lon_deg, lat_deg = datum.lonlat_from_enu_array([(point.x, point.y)])[0].tolist()
    return round(lat_deg, 7), round(lon_deg, 7)


def csv_cells(path: Path) -> Iterator[Cells]:
    """Read cells from a CSV with the columns of `COLUMNS`; an empty field means no data.

    Raises:
        InputError: The file cannot be read, a column is missing, a value is outside 0..1, a cell stands twice.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name a file that can be read") from None
    found = spreadsheet(path, content)
    headings = {plain_heading(heading): number for number, heading in enumerate(found.headings)}
    missing = [name for name in COLUMNS if plain_heading(name) not in headings]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; the first line names {', '.join(COLUMNS)}")
    places = [headings[plain_heading(name)] for name in COLUMNS]
    lines: dict[tuple[float, float], int] = {}
    rows = []
    for number, line in found.lines:
        row = _row(f"{path}: line {number}", [line[place] for place in places], is_comma=found.delimiter != ",")
        first = lines.setdefault((row[0], row[1]), number)
        if first != number:
            raise InputError(f"{path}: line {number}: is the cell of line {first} again; keep one")
        rows.append(row)
    values = np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))
    yield Cells(lonlat_deg=values[:, :2], terms=values[:, 2:])


def _row(place: str, line: list[str], *, is_comma: bool) -> list[float]:
    """Return the numbers of a line; `is_comma`: a comma can only be a decimal sign."""
    found = []
    for name, cell in zip(COLUMNS, line, strict=True):
        text = cell.strip()
        try:
            plain = text.replace("_", "?").replace(",", "." if is_comma else ",")  # Python reads 0_4 as 4
            value = float(plain) if plain or name not in TERMS else math.nan
        except ValueError:
            raise InputError(f"{place}: {name} is {text[:40]!r}, no number") from None
        if text and not math.isfinite(value):
            raise InputError(f"{place}: {name} is {text[:40]}; leave the field empty where there is no data")
        if name in TERMS and not math.isnan(value) and not 0.0 <= value <= 1.0:
            raise InputError(f"{place}: {name} is {text[:40]}; each term lies in 0..1")
        found.append(value)
    return found


def raster_cells(paths: tuple[Path, Path, Path]) -> Iterator[Cells]:
    """Yield cells of three GeoTIFFs on one grid, window by window.

    Raises:
        InputError: rasterio is not installed, a file cannot be read, the grids differ, a value is outside 0..1.
    """
    try:
        rasterio = importlib.import_module("rasterio")
        warp = importlib.import_module("rasterio.warp")
    except ImportError:
        raise InputError(f"{paths[0]}: a GeoTIFF needs rasterio: install flailpilot[raster], or give a CSV") from None
    with contextlib.ExitStack() as stack:
        try:
            files = [stack.enter_context(rasterio.open(path)) for path in paths]
        except rasterio.errors.RasterioError as error:
            raise InputError(f"{' '.join(str(error).split())}; name a GeoTIFF") from None
        _check_one_grid(paths, files)
        for _, window in files[0].block_windows(1):
            terms = [_terms(path, file, window) for path, file in zip(paths, files, strict=True)]
            rows, columns = np.mgrid[0 : window.height, 0 : window.width]
            across, down = columns.ravel() + window.col_off + 0.5, rows.ravel() + window.row_off + 0.5
            grid = files[0].transform
            x, y = grid.a * across + grid.b * down + grid.c, grid.d * across + grid.e * down + grid.f
            lon, lat = warp.transform(files[0].crs, "EPSG:4326", x, y)
            yield Cells(lonlat_deg=np.column_stack([lon, lat]), terms=np.column_stack([term.ravel() for term in terms]))


def _check_one_grid(paths: tuple[Path, ...], files: list[Any]) -> None:
    first = files[0]
    for path, file in zip(paths, files, strict=True):
        if file.count != 1 or np.dtype(file.dtypes[0]).kind not in "iuf":
            raise InputError(
                f"{path}: has {file.count} band(s) of {', '.join(sorted(set(file.dtypes)))}; save one of plain numbers"
            )
        if file.crs is None:
            raise InputError(f"{path}: has no coordinate system; save it with one")
        if (file.shape, file.transform, file.crs) != (first.shape, first.transform, first.crs):
            raise InputError(f"{path}: has another grid than {paths[0]}; bring all three to one grid first")


def _terms(path: Path, file: Any, window: Any) -> npt.NDArray[np.float64]:
    """Return the values of a window (rows, columns), NaN where there is no data.

    Raises:
        InputError: The file's content cannot be read, or a value is outside 0..1.
    """
    try:
        raw = file.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
    except OSError as error:  # includes RasterioIOError, whose explanation is in its cause
        why = " ".join(str(error.__cause__ or error).split())
        raise InputError(
            f"{path}: cannot be read from row {window.row_off}, column {window.col_off} on ({why}); it is damaged or "
            "was cut off: copy it again"
        ) from None
    values = raw * file.scales[0] + file.offsets[0] if (file.scales[0], file.offsets[0]) != (1.0, 0.0) else raw
    outside = np.argwhere((values < 0.0) | (values > 1.0) | np.isinf(values))
    if outside.size:
        row, column = (outside[0] + (window.row_off, window.col_off)).tolist()
        value = float(values[tuple(outside[0])])
        raise InputError(
            f"{path}: row {row}, column {column} is {value!r}; each term lies in 0..1, and no data needs a nodata value"
        )
    return np.asarray(values)
