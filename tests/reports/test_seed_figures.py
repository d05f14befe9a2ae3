"""Figures as their sources print them: values by definition, bounds refused, no data told apart from 0."""

import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from tests.reports.test_story import samples
from vehicle.config.footprint import footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.reports import seed_figures as seed
from vehicle.reports.passes import passes_of
from vehicle.reports.score_grids import csv_cells, ordered, raster_cells

share = st.floats(0.0, 1.0)
NORTH_M = 111_000.0


def test_values_by_definition():
    assert seed.contamination_score(0.3, 0.6, 0.9) == pytest.approx(0.6)
    assert seed.effectiveness_index(125.0, 0.4, 60.0, 1.0) == pytest.approx(-10.0)
    assert seed.restoration_efficiency(2.0, 0.5, 0.25, 0.8) == pytest.approx(5.0)


@given(share, share, share)
def test_the_defect_of_csc_is_shown_by_its_twin(efficiency, ratio, disturbance):
    verbatim, twin = seed.csc_seed(efficiency, ratio, disturbance), seed.csc_inverted(efficiency, ratio, disturbance)
    assert verbatim + twin == pytest.approx((efficiency + ratio) / 2.0)
    assert seed.csc_seed(efficiency, ratio, 1.0) >= verbatim  # more disturbance, a higher score: the defect
    assert seed.csc_inverted(efficiency, ratio, 1.0) <= twin


@pytest.mark.parametrize("bad", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_term_outside_its_bounds_is_refused(bad):
    for terms in ((bad, 0.5, 0.5), (0.5, bad, 0.5), (0.5, 0.5, bad)):
        with pytest.raises(ValueError, match=r"lies in 0\.\.1"):
            seed.contamination_score(*terms)
    with pytest.raises(ValueError, match="above 0"):
        seed.restoration_efficiency(1.0, 0.5, 0.0, 1.0)


def fields() -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.box(0, 0, 40, 40), shapely.box(60, 0, 100, 40), shapely.box(120, 0, 160, 40)])


def rows(path: Path, cells: list[tuple[float, float, str, str, str]]) -> Path:
    lonlat = builders.DATUM.lonlat_from_enu_array([cell[:2] for cell in cells]).tolist()
    lines = [f"{lon:.9f},{lat:.9f},{','.join(cell[2:])}" for (lon, lat), cell in zip(lonlat, cells, strict=True)]
    path.write_text("lon_deg,lat_deg,historic,soil,visual\n" + "\n".join(lines) + "\n")
    return path


def test_work_areas_are_put_in_order_and_no_data_is_no_zero(tmp_path):
    path = rows(
        tmp_path / "cells.csv",
        [
            (10.0, 10.0, "0", "0", "0"),
            (70.0, 10.0, "0.9", "0.6", "0.6"),
            (80.0, 20.0, "", "1", "1"),
            (130.0, 5.0, "", "", ""),
        ],
    )
    found = ordered(fields(), builders.DATUM, csv_cells(path))
    assert [(row.number, row.mean) for row in found] == [(2, pytest.approx(0.7)), (1, 0.0), (3, None)]
    assert [(row.cells, row.cells_without_data) for row in found] == [(1, 1), (1, 0), (0, 1)]


@pytest.mark.parametrize("value", ["1.2", "-0.1", "nan", "inf", "high"])
def test_a_bad_field_is_named_with_its_line(value, tmp_path):
    path = rows(tmp_path / "cells.csv", [(1.0, 1.0, "0", "0", "0"), (1.0, 1.0, "0", value, "0")])
    with pytest.raises(InputError, match="line 3: soil"):
        list(csv_cells(path))
    (tmp_path / "short.csv").write_text("lon_deg,lat_deg,historic\n1,2,3\n")
    with pytest.raises(InputError, match="no column soil, visual"):
        list(csv_cells(tmp_path / "short.csv"))


def grids(folder: Path, terms: list[np.ndarray], nodata: float | None = -1.0) -> tuple[Path, Path, Path]:
    west, north = builders.DATUM.lonlat_from_enu_array([(0.0, 40.0)])[0].tolist()
    step = 10.0 / NORTH_M
    paths = []
    for number, values in enumerate(terms):
        paths.append(folder / f"{number}.tif")
        kind = {"driver": "GTiff", "dtype": "float64", "count": 1, "crs": "EPSG:4326", "nodata": nodata}
        place = rasterio.Affine(step, 0.0, west, 0.0, -step, north)
        with rasterio.open(
            paths[-1], "w", height=values.shape[0], width=values.shape[1], transform=place, **kind
        ) as file:
            file.write(values, 1)
    return paths[0], paths[1], paths[2]


def test_geotiffs_are_read_in_windows_with_their_own_nodata(tmp_path):
    terms = [np.full((4, 20), value) for value in (0.3, 0.6, 0.9)]
    terms[1][:, 10:] = -1.0
    found = ordered(fields(), builders.DATUM, raster_cells(grids(tmp_path, terms)))
    by_number = {row.number: row for row in found}
    assert [by_number[1].mean, by_number[2].mean] == pytest.approx([0.6, 0.6])
    assert by_number[1].cells_without_data == 0
    assert by_number[2].cells_without_data > 0
    assert found[-1].number == 3
    assert found[-1].mean is None


def test_a_grid_with_a_value_outside_its_bounds_or_another_shape_is_refused(tmp_path):
    terms = [np.full((4, 20), 0.5) for _ in range(3)]
    terms[2][1, 3] = 1.5
    with pytest.raises(InputError, match=r"2\.tif: row 1, column 3 is 1\.5"):
        list(raster_cells(grids(tmp_path, terms)))
    terms = [np.full((4, 20), 0.5), np.full((5, 20), 0.5), np.full((4, 20), 0.5)]
    with pytest.raises(InputError, match="another grid"):
        list(raster_cells(grids(tmp_path, terms)))
    terms = [np.full((4, 20), -9999.0) for _ in range(3)]
    with pytest.raises(InputError, match="nodata value"):
        list(raster_cells(grids(tmp_path, terms, nodata=None)))


def test_a_grid_that_opens_and_cannot_be_read_is_named_with_its_place(tmp_path):
    paths = grids(tmp_path, [np.full((4, 20), 0.5) for _ in range(3)])
    paths[1].write_bytes(paths[1].read_bytes()[:-200])
    rasterio.open(paths[1]).close()
    with pytest.raises(
        InputError, match=r"1\.tif: cannot be read from row 0, column 0 on \(.*copy it again"
    ) as refused:
        list(raster_cells(paths))
    assert "\n" not in str(refused.value)


def test_passes_are_counted_by_movement_and_not_by_report():
    config = builders.config().machine
    machine, gauge_m = footprint(config), config.tracks.gauge_m
    there = samples([Mode.AUTO_WORK] * 50 + [Mode.AUTO_MOVE] * 50, speed_mps=[0.5] * 50 + [-0.5] * 50)
    east_m = np.concatenate([np.linspace(0.0, 5.0, 50), np.linspace(5.0, 0.0, 50)])
    there = msgspec.structs.replace(there, east_m=east_m)
    belt_m = machine.track_outer_width_m - gauge_m
    strip = shapely.box(3.5, gauge_m / 2.0 - belt_m / 2.0, 4.5, gauge_m / 2.0 + belt_m / 2.0)
    tracks, tool = passes_of(there, machine, strip, gauge_m)
    assert tracks.mean == pytest.approx(2.0)
    assert tool.mean == pytest.approx(1.0)
    assert sum(tracks.shares) == pytest.approx(1.0)
    assert msgspec.json.decode(msgspec.json.encode(tracks))["mean"] == tracks.mean
    between, tool = passes_of(there, machine, shapely.box(3.5, -0.2, 4.5, 0.2), gauge_m)
    assert (between.mean, tool.mean) == (0.0, pytest.approx(1.0)), "no track passes over what lies between the tracks"


def test_a_grid_of_scaled_numbers_has_its_values_and_not_its_codes(tmp_path):
    paths = grids(tmp_path, [np.full((4, 20), value) for value in (1.0, 0.6, 0.9)])
    with rasterio.open(paths[0], "r+") as file:
        file.scales, file.offsets = (0.25,), (0.05,)
    found = ordered(fields(), builders.DATUM, raster_cells(paths))
    assert found[0].mean == pytest.approx((0.3 + 0.6 + 0.9) / 3.0)


@pytest.mark.parametrize(
    ("count", "dtype", "words"),
    [(2, "float32", "2 band"), (4, "uint8", "4 band"), (1, "complex64", r"1 band\(s\) of complex64")],
)
def test_a_grid_that_is_no_single_band_of_numbers_is_refused(count, dtype, words, tmp_path):
    paths = grids(tmp_path, [np.full((4, 20), 0.5) for _ in range(3)])
    with rasterio.open(paths[0]) as first:
        kind = first.profile | {"count": count, "dtype": dtype, "nodata": None}
    with rasterio.open(paths[1], "w", **kind) as file:
        file.write(np.zeros((count, 4, 20), dtype))
    with pytest.raises(InputError, match=rf"1\.tif: has {words}.*; save one of plain numbers"):
        list(raster_cells(paths))


@pytest.mark.parametrize(
    "text",
    [
        "lon_deg;lat_deg;historic;soil;visual\r\n46,93;39,99;0,2;0,3;\r\n;;;;\r\n",
        "sep=;\nLON_DEG; Lat_Deg;historic;soil;visual\n46.93;39.99;0.2;0.3;\n",
        "\ufefflon deg\tlat deg\thistoric\tsoil\tvisual\n46.93\t39.99\t0,2\t0.3\t\n",
    ],
)
def test_cells_of_any_spreadsheet_are_read(text, tmp_path):
    (tmp_path / "cells.csv").write_text(text, newline="")
    (found,) = csv_cells(tmp_path / "cells.csv")
    assert found.lonlat_deg.tolist() == [[46.93, 39.99]]
    assert found.terms.tolist()[0][:2] == [0.2, 0.3]
    assert np.isnan(found.terms[0, 2])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("46.93,39.99,0.2", "line 3: its number of values is 3, the first line names 5"),
        ("46.93,39.99,0.2,0.3,0.4,7", "line 3: its number of values is 6"),
        ("46.93,39.99,0.2,0.3,0.4", "line 3: is the cell of line 2 again; keep one"),
        ("46.94,39.99,0.2,0.3,0_4", "line 3: visual is '0_4', no number"),
        ("46.94,39.99,0.2,0.3,1.0000001", "line 3: visual is 1.0000001; each term lies in 0..1"),
    ],
)
def test_a_line_that_may_be_misread_is_refused(line, words, tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text(f"lon_deg,lat_deg,historic,soil,visual\n46.93,39.99,0.2,0.3,0.4\n{line}\n")
    with pytest.raises(InputError, match=re.escape(words)):
        list(csv_cells(path))
