"""The map shows what the ledger holds: colours where they belong, small gaps that cannot be overlooked."""

from pathlib import Path
from typing import Any

import matplotlib.image
import msgspec
import numpy as np
import pytest
import shapely
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from tests.control.ledger import jobs
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import UntreatableReason
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.reports import layers, picture_side
from vehicle.reports.gaps import GapReason
from vehicle.reports.html_parts import clock
from vehicle.reports.palette import GAP_COLOURS, PASSED, PROCESSED, PROVISIONAL, marked
from vehicle.reports.picture import draw_map
from vehicle.reports.words import words_of

pytestmark = [pytest.mark.long, pytest.mark.draws]


def _pixels(path: Path, colour: str) -> int:
    image = matplotlib.image.imread(path)[..., :3]
    return int((np.abs(image - np.array(to_rgb(colour), np.float32)).max(axis=-1) < 0.02).sum())


def test_a_missed_third_is_a_large_red_field_and_a_done_job_has_none(tmp_path: Path) -> None:
    red = GAP_COLOURS[GapReason.NOT_SWEPT]
    draw_map(tmp_path / "open.png", jobs.open_job(events=()))
    draw_map(tmp_path / "done.png", jobs.done_job(events=()))
    assert jobs.done_job().found.missed_m2 == 0.0
    # The map is some 1500 pixels wide for 17 m: the missing 2.4 m x 2.4 m are tens of thousands of pixels.
    assert _pixels(tmp_path / "open.png", red) > 20_000
    assert _pixels(tmp_path / "done.png", red) < 1_500  # dots and outlines of what the plan lists


@pytest.mark.parametrize("side_m", [30.0, 150.0, 1000.0])
def test_a_single_missed_cell_is_ringed_on_a_field_of_any_size(side_m: float, tmp_path: Path) -> None:
    field = shapely.box(-side_m / 2.0, -side_m / 2.0, side_m / 2.0, side_m / 2.0)
    facts = jobs.job(shapely.box(0.40, 0.40, 0.45, 0.45), LedgerState(), events=())
    assert facts.found.missed_m2 == pytest.approx(0.0025)
    site = jobs.Shapes(name="wide", work_area=field, keep_out=shapely.Polygon())
    draw_map(tmp_path / "map.png", jobs.job(field.difference(field), LedgerState(), site=site, found=facts.found))
    with_gap = _pixels(tmp_path / "map.png", GAP_COLOURS[GapReason.NOT_SWEPT])
    empty = jobs.job(shapely.Polygon(), LedgerState()).found
    draw_map(tmp_path / "map.png", jobs.job(field.difference(field), LedgerState(), site=site, found=empty))
    without = _pixels(tmp_path / "map.png", GAP_COLOURS[GapReason.NOT_SWEPT])
    assert with_gap > without + 100


def test_ground_is_drawn_in_the_colours_of_the_one_palette(tmp_path: Path) -> None:
    draw_map(tmp_path / "done.png", jobs.done_job(events=()))
    assert _pixels(tmp_path / "done.png", PROCESSED) > 60_000
    assert _pixels(tmp_path / "done.png", PROVISIONAL) > 60_000, "no closing check: every second stripe"
    assert 300 < _pixels(tmp_path / "done.png", PASSED) < 2_000  # the legend's; what was passed lies pale outside


def test_the_legend_hides_nothing_however_long_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All reasons at once, and all marks."""
    job = jobs.open_job()
    gaps = [msgspec.structs.replace(job.found.gaps[-1], reason=reason) for reason in GapReason]
    rows = [
        jobs.untreatable(jobs.slanted(0.2, 2.0, 7.6 + 0.25 * n, 0.8), reason)
        for n, reason in enumerate(UntreatableReason)
    ]
    found = msgspec.structs.replace(job.found, gaps=(*job.found.gaps, *gaps))
    drawn: list[Figure] = []
    save = Figure.savefig

    def kept(figure: Figure, *args: Any, **more: Any) -> None:
        drawn.append(figure)
        save(figure, *args, **more)

    monkeypatch.setattr(Figure, "savefig", kept)
    draw_map(tmp_path / "map.png", msgspec.structs.replace(job, plan=jobs.plan(*rows), found=found))
    (side,) = [axes for axes in drawn[0].axes if axes.get_legend() is not None]
    legend = side.get_legend().get_window_extent()
    (warning,) = [text for text in side.texts if "not for feet" in text.get_text()]
    (histogram,) = [axes for axes in drawn[0].axes if axes.get_title(loc="left").startswith("proven depth")]
    assert len(side.get_legend().get_texts()) > 20
    assert legend.y0 > warning.get_window_extent().y1
    assert legend.y1 < histogram.get_tightbbox().y0
    assert float(side.get_legend().get_texts()[0].get_fontsize()) >= 7.0
    assert "paler: outside the work area" in [text.get_text() for text in side.get_legend().get_texts()]


def test_the_time_beside_the_map_is_that_of_the_balance() -> None:
    assert picture_side._clock(1234.0, words_of("en")) == "0 h 21 min"
    assert clock(1234.0) == "0:21"


def test_a_simulated_record_says_so(tmp_path: Path) -> None:
    draw_map(tmp_path / "real.png", jobs.done_job(simulated=False))
    draw_map(tmp_path / "simulated.png", jobs.done_job(simulated=True))
    real, simulated = (matplotlib.image.imread(tmp_path / f"{name}.png") for name in ("real", "simulated"))
    changed = np.argwhere(np.abs(real - simulated).max(axis=-1) > 0.3)
    assert len(changed) > 500
    assert changed[:, 0].max() < real.shape[0] // 8
    assert changed[:, 1].min() > real.shape[1] // 2


def test_layers_hold_the_depth_of_every_pass() -> None:
    ledger = jobs.worked()
    images = layers.layers(ledger, (-3.0, -3.0, 9.0, 6.0), jobs.CONFIG.mission.cell_m)
    counts = layers.depths_cm(ledger)
    assert set(np.flatnonzero(counts).tolist()) == {
        16,
        19,
    }  # 0.17 and 0.20 m less what is withheld, rounded down
    assert counts.sum() == ledger.credited_cells
    assert images.credited.sum() == ledger.credited_cells


def test_a_window_larger_than_the_page_shares_pixels_and_loses_no_area() -> None:
    ledger, cell_m = jobs.worked(), jobs.CONFIG.mission.cell_m
    images = layers.layers(ledger, (-400.0, -400.0, 400.0, 400.0), cell_m)
    assert max(images.credited.shape) <= layers.PIXELS_MAX + 2 * raster.TILE
    share = round(images.extent_m[1] - images.extent_m[0]) / images.credited.shape[1] / cell_m
    assert images.credited.sum() * share**2 == pytest.approx(ledger.credited_cells, rel=1e-3)


def test_stops_are_numbered_in_order() -> None:
    numbered = marked(jobs.open_job().events)
    assert [(number, mark) for number, mark, _ in numbered] == [(1, "stop")]


def test_disarming_after_the_job_is_no_stop_of_it() -> None:
    def event(tick: int, kind: str, text: str) -> Event:
        return Event(t_ns=tick * 20_000_000, tick=tick, kind=kind, text=text, east_m=1.0, north_m=2.0)

    stop = event(7, "mode", "AUTO_WORK -> STOPPING")
    done, ended = event(90, "mission", "mission: done"), event(95, "mode", "AUTO_MOVE -> STOPPING")
    assert marked((stop, done, ended)) == [(1, "stop", stop)]
    assert len(marked((stop, ended))) == 2
    again, later = event(99, "mode", "DISARMED -> READY"), event(120, "mode", "MANUAL -> STOPPING")
    assert [row[2] for row in marked((done, ended, again, later))] == [later]
    begun = event(93, "mode", "MANUAL -> AUTO_MOVE")  # a mission is begun again before anybody disarmed
    assert [row[2] for row in marked((done, begun, ended))] == [ended]


def test_provisional_ground_is_a_share_of_the_credited_and_only_of_that() -> None:
    ledger = jobs.worked()
    closed = msgspec.structs.replace(ledger, firm=2**31, unclosed=())
    half = msgspec.structs.replace(ledger, firm=ledger.stroke.number // 2 if ledger.stroke else 0, unclosed=())
    window_m, cell_m = (-3.0, -3.0, 9.0, 6.0), jobs.CONFIG.mission.cell_m
    images = {name: layers.layers(one, window_m, cell_m) for name, one in (("closed", closed), ("half", half))}
    assert not images["closed"].provisional.any()
    part = images["half"]
    assert 0.0 < part.provisional.sum() < part.credited.sum()
    assert (part.provisional <= part.credited).all()
