"""What a job left, planned from its record: a simulated job that was broken off, then `plan --resume` as typed."""

import json
import shutil

import msgspec
import pytest
import shapely

from flailpilot.resume import last_pose, on_its_swath, swept_ground
from tests.control.ledger.jobs import untreatable
from tests.flailpilot.broken_off import FIELD, broken_off_in
from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.checker import SiteTruth, check, read_legs
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.detonation import CRATER_M
from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke, Observed
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.contracts.skipped import ring_of, swaths_of, text_of
from vehicle.control.ground import raster
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.settings import StartPose
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import load_site
from vehicle.records import journal
from vehicle.records.journal import JournalWriter

pytestmark = pytest.mark.long


def ground(folder, **declared):
    doc = document(feature("work_area", ring_lonlat(FIELD)), **({"outside": "safe"} | declared))
    (folder / "ground.geojson").write_text(json.dumps(doc), encoding="utf-8")
    return doc


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory):
    """Four minutes of a mission, the machine in the middle of its second swath or so."""
    folder = tmp_path_factory.mktemp("job")
    broken_off_in(folder, ground(folder), 250.0)
    return folder


@pytest.fixture
def job(broken_off, tmp_path):
    shutil.copytree(broken_off, tmp_path / "job")
    return tmp_path / "job"


def left(monkeypatch, capsys, job, *more):
    typed = [
        "plan",
        job / "ground.geojson",
        *(() if "--machine" in more else ("--machine", "memat")),
        "--resume",
        job / "run",
        "--out",
        job / "rest",
        "--poses",
        *more,
    ]
    return flailpilot(monkeypatch, capsys, *typed)


def refused(monkeypatch, capsys, job, *words, more=()):
    status, said, told = left(monkeypatch, capsys, job, *more)
    assert (status, said) == (2, "")
    assert told.count("\n") == 1
    for word in words:
        assert word in told, told
    assert not (job / "rest").exists()


def strokes_of(path):
    return [row for row in journal.read(path).records if isinstance(row, LedgerStroke)]


def polygon(rings):
    return shapely.Polygon(rings[0], rings[1:])


def where_the_tool_stands(site, job):
    """The last decimetre of a run that was torn off is in no stroke yet, but the tool worked it: it stands on it."""
    machine = footprint(load_machine("memat"))
    plan = load_plan(job / "run" / "plan", site, machine)
    pose = on_its_swath(last_pose(job / "run" / "run.mcap"), plan)
    half_m, reach_m = 0.5 * machine.tool_width_m, 0.5 * machine.tool_length_m
    tool = shapely.box(machine.tool_ahead_m - reach_m - 0.1, -half_m, machine.tool_ahead_m + reach_m, half_m)
    tool = shapely.affinity.rotate(tool, pose.yaw_rad, origin=(0, 0), use_radians=True)
    return shapely.affinity.translate(tool, pose.east_m, pose.north_m).buffer(1e-3)


def test_the_rest_holds_on_the_ground_that_the_record_names(monkeypatch, capsys, job):
    before = json.loads((job / "run" / "summary.json").read_text())
    assert 10.0 < before["processed_m2"] < 100.0
    status, said, _ = left(monkeypatch, capsys, job)
    assert status == 0, said
    summary = json.loads((job / "rest" / "summary.json").read_text())
    site = load_site(job / "ground.geojson")
    swept = shapely.union_all([polygon(rings) for rings in swept_ground(strokes_of(job / "run" / "ledger.journal"))])
    missed = shapely.union_all([shapely.geometry.shape(row["polygon"]) for row in before["missed"]])
    truth = SiteTruth(json.loads((job / "ground.geojson").read_text()), summary["datum"], site.outside)
    # it backs out on its swath, which the tool held to a few millimetres: the rim of its own strip is no new ground
    truth.safe = truth.safe.union(swept.buffer(0.015)).union(where_the_tool_stands(site, job))
    truth.asked = shapely.transform(missed, site.datum.enu_from_lonlat_array).buffer(1e-4).intersection(site.work_area)
    planned_m2, summary["area_m2"] = summary["area_m2"], truth.asked.area
    report = check(summary, read_legs(job / "rest" / "poses.csv"), truth)
    complaints = [line for line in report.complaints() if not line.startswith("area_m2")]
    assert complaints == []
    assert summary["plan_hash"] != before["plan_hash"]
    # grown by a cell's diagonal so that a seam is no hair, and less than the whole by what was processed
    assert truth.asked.area < planned_m2 < before["area_m2"] - 0.5 * before["processed_m2"]


def test_it_begins_on_the_swath_in_which_the_machine_stands(monkeypatch, capsys, job):
    stands = last_pose(job / "run" / "run.mcap")
    assert left(monkeypatch, capsys, job)[0] == 0
    site, machine = load_site(job / "ground.geojson"), footprint(load_machine("memat"))
    plan, rest = load_plan(job / "run" / "plan", site, machine), load_plan(job / "rest", site, machine)
    first = rest.segments[0]
    assert shapely.Point(first.points_m[0]).distance(shapely.Point(stands.east_m, stands.north_m)) < 0.1
    swaths = [s for s in plan.segments if s.kind is SegmentKind.SWATH]
    assert min(shapely.LineString(s.points_m).distance(shapely.Point(first.points_m[0])) for s in swaths) < 1e-6
    assert on_its_swath(StartPose(40.0, 1.0, 0.3), plan) == StartPose(40.0, 1.0, 0.3)


def test_told_where_it_stands(monkeypatch, capsys, job):
    site = load_site(job / "ground.geojson")
    (job / "run" / "run.mcap").unlink()
    refused(monkeypatch, capsys, job, "run.mcap", "no such file", "--at LAT,LON,HEADING")
    lon, lat = site.datum.lonlat_from_enu_array([(-14.0, 3.0)])[0]
    status, _, _ = left(monkeypatch, capsys, job, "--at", f"{lat:.9f},{lon:.9f},57.0")
    assert status == 0
    row = (job / "rest" / "poses.csv").read_text().splitlines()[1].split(",")
    assert [float(row[k]) for k in (7, 8, 9)] == pytest.approx([-14.0, 3.0, 0.575959], abs=1e-3)


@pytest.mark.parametrize(
    "at",
    [
        "north",
        "1,2",
        "39.99,46.93,x",
        "46.93,39.99,10",
        "nan,46.93,10",
        "inf,46.93,10",
        "39.9,46.9,inf",
        "39.9,46.9,1_0",
    ],
)
def test_told_nonsense(monkeypatch, capsys, job, at):
    refused(monkeypatch, capsys, job, f"--at {at}", "LAT,LON,HEADING", more=("--at", at))


def test_a_manifest_that_contradicts_the_recording(monkeypatch, capsys, job):
    path = job / "run" / "run.json"
    path.write_text(path.read_text().replace('"simulated": true', '"simulated": false'))
    refused(monkeypatch, capsys, job, "run.json: says simulated False", "copy it again from the vehicle")


def test_a_recording_that_was_torn_still_says_where_it_stands(job):
    path = job / "run" / "run.mcap"
    whole = last_pose(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    torn = last_pose(path)
    assert torn != whole
    assert shapely.Point(torn.east_m, torn.north_m).distance(shapely.Point(whole.east_m, whole.north_m)) < 30.0


def test_a_journal_that_was_torn_leaves_more_to_do(monkeypatch, capsys, job):
    path = job / "run" / "ledger.journal"
    content = path.read_bytes()
    assert left(monkeypatch, capsys, job)[0] == 0
    less_m2 = json.loads((job / "rest" / "summary.json").read_text())["area_m2"]
    path.write_bytes(content[: len(content) // 2] + b"\x00" * 40)
    lon, lat = load_site(job / "ground.geojson").datum.lonlat_from_enu_array([(-14.0, 3.0)])[0]
    assert left(monkeypatch, capsys, job, "--at", f"{lat:.9f},{lon:.9f},57.0")[0] == 0
    assert json.loads((job / "rest-2" / "summary.json").read_text())["area_m2"] > less_m2 + 5.0


def test_ground_that_was_only_not_planned_in_time_is_planned_again(monkeypatch, capsys, job):
    def cut_short(*asked, **more):
        plan = load_plan(*asked, **more)
        row = untreatable(shapely.box(-60.0, -60.0, 60.0, 60.0), UntreatableReason.PLANNING_TIME)
        return msgspec.structs.replace(plan, untreatable=(*plan.untreatable, row))

    monkeypatch.setattr("flailpilot.resume.load_plan", cut_short)
    before = json.loads((job / "run" / "summary.json").read_text())
    status, said, _ = left(monkeypatch, capsys, job)
    assert status == 0, said
    assert "nothing is left" not in said
    planned_m2 = json.loads((job / "rest" / "summary.json").read_text())["area_m2"]
    assert planned_m2 > sum(row["area_m2"] for row in before["missed"]) > 10.0


def test_nothing_left(monkeypatch, capsys, job):
    path = job / "run" / "ledger.journal"
    found = journal.read(path)
    assert found.header is not None
    path.unlink()
    everything = LedgerBand(
        rear_m=-15.0, front_m=15.0, right_m=-15.0, left_m=15.0, flags=raster.SWEPT | raster.CREDITED, depth_cm=20
    )
    writer = JournalWriter(path, found.header)
    writer.append(
        LedgerStroke(
            number=1,
            t_ns=0,
            east_m=0.0,
            north_m=0.0,
            forward_east=1.0,
            forward_north=0.0,
            slope=0.0,
            bands=(everything,),
        )
    )
    writer.close()
    status, said, _ = left(monkeypatch, capsys, job)
    assert status == 0
    assert "nothing is left" in said
    assert not (job / "rest").exists()
    assert json.loads(left(monkeypatch, capsys, job, "--json")[1]) == {"replaces": found.header.plan_hash, "missed": []}


def test_the_record_of_another_site_machine_or_plan_is_refused(monkeypatch, capsys, job):
    ground(job, tripwires="none")
    refused(monkeypatch, capsys, job, "ledger.journal", "made for site")
    ground(job)
    refused(monkeypatch, capsys, job, "made for MEMATT", more=("--machine", "mv4"))
    (job / "run" / "ledger.journal").write_bytes(b"no journal of ours")
    refused(monkeypatch, capsys, job, "no ledger journal")
    (job / "run" / "ledger.journal").unlink()
    refused(monkeypatch, capsys, job, "ledger.journal", "No such file")


def test_craters_are_kept_out_of_the_rest(monkeypatch, capsys, job):
    crater = [(2.1, 1.2), (3.4, 1.0), (3.2, 2.5), (2.0, 2.3)]
    path = job / "craters.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring_lonlat(crater)]}))
    assert left(monkeypatch, capsys, job, "--craters", path)[0] == 0
    site = load_site(job / "ground.geojson")
    rest = load_plan(job / "rest", site, footprint(load_machine("memat")))
    hole = shapely.transform(shapely.Polygon(ring_lonlat(crater)), site.datum.enu_from_lonlat_array)
    half_m = 0.5 * rest.machine.track_outer_width_m
    tracks = [shapely.LineString(s.points_m).buffer(half_m, cap_style="flat") for s in rest.segments]
    assert not any(track.intersects(hole) for track in tracks)
    listed = shapely.union_all([polygon(row.rings_m) for row in rest.untreatable])
    assert listed.buffer(1e-3).covers(hole)
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring_lonlat([(x + 900, y) for x, y in crater])]}))
    shutil.rmtree(job / "rest")
    refused(monkeypatch, capsys, job, "craters.geojson", "none of its polygons lies", more=("--craters", path))
    path.write_text(json.dumps(document(outside="safe")))
    refused(monkeypatch, capsys, job, "craters.geojson", "no polygon", more=("--craters", path))


def test_a_large_detonation_of_the_record_is_kept_out_of_the_rest_although_nobody_names_it(monkeypatch, capsys, job):
    path, at = job / "run" / "ledger.journal", (2.7, 1.7)
    before = journal.read(path)
    felt = Observed(
        kind="shock", value=2.0, sigma=None, place_m=at, by="vehicle", text="", station_id=0, t_ns=1, utc_us=None,
        within_m=0.4,
    )  # fmt: skip
    assert before.header is not None
    writer = JournalWriter(path, before.header)
    writer.append(felt)
    writer.append(msgspec.structs.replace(felt, value=1.0, place_m=(9.0, 1.0)))
    writer.close()
    assert left(monkeypatch, capsys, job)[0] == 0
    rest = load_plan(job / "rest", load_site(job / "ground.geojson"), footprint(load_machine("memat")))
    half_m = 0.5 * rest.machine.track_outer_width_m
    tracks = [shapely.LineString(s.points_m).buffer(half_m, cap_style="flat") for s in rest.segments]
    kept_out = shapely.Point(at).buffer(CRATER_M + 0.4)
    assert not any(track.intersects(kept_out.buffer(-1e-3)) for track in tracks)
    listed = shapely.union_all([polygon(row.rings_m) for row in rest.untreatable])
    assert listed.buffer(1e-3).covers(kept_out.intersection(shapely.Polygon(FIELD)))
    assert not listed.intersects(shapely.Point(9.0, 1.0)), "a small one leaves no crater"


def test_at_belongs_to_left(monkeypatch, capsys, job):
    typed = ["plan", job / "ground.geojson", "--machine", "memat", "--at", "1,2,3", "--out", job / "rest"]
    status, _, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, told.count("\n")) == (2, 1)
    assert "--resume" in told


def test_strokes_are_swept_ground_to_the_millimetre():
    bands = (
        LedgerBand(rear_m=-3.0, front_m=0.0, right_m=-0.85, left_m=0.85, flags=raster.SWEPT),
        LedgerBand(rear_m=-9.0, front_m=9.0, right_m=-9.0, left_m=9.0, flags=raster.OTHER),
    )
    one = LedgerStroke(
        number=1, t_ns=0, east_m=2.0, north_m=1.0, forward_east=0.6, forward_north=0.8, slope=0.1, bands=bands
    )
    (rings,) = swept_ground([one])
    corners = {(2.0 - 0.8 * 0.85, 1.0 + 0.6 * 0.85), (2.0 + 0.8 * 0.85, 1.0 - 0.6 * 0.85)}
    for x, y in corners:
        assert min(abs(x - a) + abs(y - b) for a, b in rings[0]) < 1e-6
    assert polygon(rings).area == pytest.approx(3.0 * 1.7)
    assert swept_ground([]) == ()
    assert rings_of(polygon(rings)) == rings


def test_files_are_named_in_the_help(monkeypatch, capsys):
    status, said, _ = flailpilot(monkeypatch, capsys, "plan", "--help")
    assert status == 0
    assert "--resume" in said


def test_the_older_name_of_the_option_says_the_new_one(monkeypatch, capsys, tmp_path):
    code, _, told = flailpilot(
        monkeypatch, capsys, "plan", tmp_path / "a.geojson", "--machine", "memat", "--left", "RUN"
    )
    assert code == 2
    assert "--resume RUN" in told


def test_a_run_that_is_named_twice_counts_once_and_a_damaged_record_is_refused(monkeypatch, capsys, job):
    assert left(monkeypatch, capsys, job)[0] == 0
    once = json.loads((job / "rest" / "summary.json").read_text())
    assert left(monkeypatch, capsys, job, "--resume", job / "run")[0] == 0
    assert json.loads((job / "rest" / "summary.json").read_text())["plan_hash"] == once["plan_hash"]
    path = job / "run" / "ledger.journal"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    status, _, told = left(monkeypatch, capsys, job)
    assert status == 2
    assert "a withdrawal may be among what is lost" in told


def test_a_skipped_swath_is_named_and_not_planned_again(monkeypatch, capsys, job):
    """The machine stays out of it, also where it passed it without proof; its ground stays on the list."""
    site, path = load_site(job / "ground.geojson"), job / "run" / "ledger.journal"
    plan, found = load_plan(job / "run" / "plan", site, footprint(load_machine("memat"))), journal.read(path)
    swaths = swaths_of(plan)
    ring = ring_of(swaths[-1], plan)
    assert found.header is not None
    writer = JournalWriter(path, found.header)
    text = text_of(plan.plan_hash, "explosive", "fuse seen")
    writer.append(
        Observed(
            kind="skip_swath", value=float(len(swaths)), sigma=None, place_m=None, by="leader", text=text, station_id=9,
            t_ns=0, utc_us=None, ring_m=ring, plan_hash=plan.plan_hash,
        )
    )  # fmt: skip
    writer.close()
    status, said, told = left(monkeypatch, capsys, job)
    assert status == 0, told
    (line,) = [one for one in f"{said}\n{told}".splitlines() if "explosive object found: fuse seen (leader)" in one]
    assert f"not worked and not in this plan: swath {len(swaths)}" in line
    summary = json.loads((job / "rest" / "summary.json").read_text())
    assert any("fuse seen" in row for row in summary["repairs"])
    rest = load_plan(job / "rest", site, footprint(load_machine("memat")))
    worked = shapely.union_all([shapely.Polygon(ring_of(one, rest)) for one in swaths_of(rest)])
    inside = shapely.intersection(worked, shapely.Polygon(ring).buffer(-0.5)).area
    assert inside < 0.25 * shapely.Polygon(ring).area, "passes across it may cross it, none works it"


def test_the_plan_of_the_rest_names_the_record_that_it_rests_on(monkeypatch, capsys, job):
    assert left(monkeypatch, capsys, job)[0] == 0
    site = load_site(job / "ground.geojson", "safe")
    plan = load_plan(job / "rest", site, footprint(load_machine("memat")))
    kept = journal.read(job / "run" / "ledger.journal")
    assert [(one.vehicle_id, one.seal) for one in plan.rests_on] == [(kept.header.vehicle_id, kept.seal)]
