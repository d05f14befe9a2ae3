"""Thousands of drawn files of every format: what a file forbids is never worked, and plain files are always read.

The scenes, their files and the raster that judges them use nothing of the product. A refusal is a right answer, but for
files that are plain: those must be read, and read whole.
"""

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from tests.flailpilot.test_bad_input import flailpilot
from tests.planning.site_files.raster import judged
from tests.planning.site_files.scene import Scene, scene
from tests.planning.site_files.writers import FORMATS, write
from vehicle.contracts.errors import InputError
from vehicle.planning.site.site import load_site

SEED = 20261129
ODD, ODD_MORE, ODD_ALL = 64, 640, 2400
PLAIN, PLAIN_ALL = 24, 400
PLANNED, PLANNED_ALL = 5, 48
"""Seeds: those of `make test`, those that `make test-full` adds, and up to which `make release-tests` goes."""


def drawn(seed: int, folder: Path, *, plain: bool) -> tuple[Scene, str, Path]:
    """The scene of a seed, its format and its file."""
    picture, format_ = scene(seed, FORMATS, plain=plain)
    return picture, format_, write(picture, format_, folder)


def shares(path: Path, picture: Scene) -> tuple[int, int, int]:
    """Places that are worked though forbidden, that are not worked though wanted, and all that are wanted."""
    site = load_site(path, "safe")
    ground = site.work_area.difference(site.keep_out)
    counts = []
    for lonlat in judged(picture):
        metres = np.asarray(site.datum.enu_from_lonlat_array(lonlat)).reshape(-1, 2)
        counts.append((int(shapely.contains_xy(ground, *metres.T).sum()), len(metres)))
    return counts[0][0], counts[1][1] - counts[1][0], counts[1][1]


def faults_of_odd_files(seeds: range, folder: Path) -> tuple[list[str], int]:
    """What went wrong, and how many were read."""
    faults, read = [], 0
    for seed in seeds:
        picture, format_, path = drawn(seed, folder, plain=False)
        try:
            worked, _, _ = shares(path, picture)
        except InputError as refusal:
            if "\n" in str(refusal) or path.name not in str(refusal):
                faults.append(f"{format_} {picture}: refused without naming the file in one line: {refusal}")
            continue
        read += 1
        if worked:
            faults.append(f"{format_} {picture}: {worked} forbidden places are worked")
    return faults, read


def faults_of_plain_files(seeds: range, folder: Path) -> list[str]:
    """What went wrong with files that must be read whole."""
    faults = []
    for seed in seeds:
        picture, format_, path = drawn(seed, folder, plain=True)
        try:
            worked, left, wanted = shares(path, picture)
        except InputError as refusal:
            faults.append(f"{format_} {picture}: refused: {refusal}")
            continue
        if worked or left or not wanted:
            faults.append(f"{format_} {picture}: {worked} forbidden places worked, {left} of {wanted} wanted left out")
    return faults


@pytest.mark.long
def test_what_a_file_forbids_is_not_worked(tmp_path):
    faults, read = faults_of_odd_files(range(SEED, SEED + ODD), tmp_path)
    assert not faults, "\n".join(faults)
    assert read > ODD // 8, "nearly all were refused: nothing was judged"


@pytest.mark.long
def test_plain_files_are_read_whole(tmp_path):
    faults = faults_of_plain_files(range(SEED, SEED + PLAIN), tmp_path)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(SEED + ODD, SEED + ODD_MORE), marks=pytest.mark.release, id="hundreds"),
        pytest.param(range(SEED + ODD_MORE, SEED + ODD_ALL), marks=pytest.mark.release, id="thousands"),
    ],
)
def test_what_more_files_forbid_is_not_worked(seeds, tmp_path, record_property):
    faults, read = faults_of_odd_files(seeds, tmp_path)
    record_property("files", f"seeds from {seeds[0]}: {len(seeds)} files, {read} read, the rest refused")
    assert not faults, "\n".join(faults)


@pytest.mark.release
def test_hundreds_of_plain_files_are_read_whole(tmp_path):
    faults = faults_of_plain_files(range(SEED + PLAIN, SEED + PLAIN_ALL), tmp_path)
    assert not faults, "\n".join(faults)


def swept(folder: Path, half_width_m: float, places: np.ndarray) -> np.ndarray:
    """(n,): whether the tool's edge passes over a place of a written plan, tool down; from poses.csv alone."""
    found = np.zeros(len(places), bool)
    with (folder / "poses.csv").open(encoding="utf-8") as file:
        rows = [(r["seq"], r["tool_down"], float(r["east_m"]), float(r["north_m"])) for r in csv.DictReader(file)]
    for before, after in pairwise(rows):
        if before[0] != after[0] or before[1] != "1":
            continue
        start, way = np.array(before[2:]), np.array(after[2:]) - np.array(before[2:])
        length_m = float(np.hypot(*way))
        if length_m < 1e-6:
            continue
        ahead = (places - start) @ way / length_m
        aside = (places - start) @ np.array([-way[1], way[0]]) / length_m
        found |= (ahead >= 0.0) & (ahead <= length_m) & (np.abs(aside) < half_width_m)
    return found


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(SEED, SEED + PLANNED), marks=pytest.mark.slow, id="some"),
        pytest.param(range(SEED + PLANNED, SEED + PLANNED_ALL), marks=pytest.mark.release, id="more"),
    ],
)
def test_a_written_plan_sweeps_nothing_forbidden(seeds, tmp_path):
    planned = 0
    for seed in seeds:
        picture, format_, path = drawn(seed, tmp_path, plain=seed % 2 == 0)
        out = tmp_path / f"plan_{seed}"
        status, _, told = flailpilot("plan", path, "--machine", "memat", "--out", out, "--outside", "safe", "--poses")
        assert status in (0, 1, 2), told
        if status:
            continue
        planned += 1
        site = load_site(path, "safe")
        forbidden = np.asarray(site.datum.enu_from_lonlat_array(judged(picture)[0])).reshape(-1, 2)
        assert not swept(out, 0.85, forbidden).any(), f"{format_} {picture}"
    assert planned >= len(seeds) // 2
