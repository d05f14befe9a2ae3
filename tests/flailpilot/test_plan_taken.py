"""A plan that was looked at is driven as it is, or refused: `sim --plan` and `[site] plan` of `drive`, as typed."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from benchmarks.drive_rig import write_config
from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.config.drive import load_drive
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.planning.coverage.closing import check_certificate, plan_hash_of
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import load_site
from vehicle.runtime.app import start_state

pytestmark = pytest.mark.long

FIELD = [(-9, -7), (10, -6), (9, 8), (-10, 7)]


def ground(folder, **declared):
    path = folder / "ground.geojson"
    path.write_text(json.dumps(document(feature("work_area", ring_lonlat(FIELD)), **declared)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A folder with a site and `flailpilot plan`'s files of it."""
    folder = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["flailpilot", "plan", str(ground(folder, outside="safe")), "--machine", "memat",
                                   "--out", str(folder / "plan"), "--json"])  # fmt: skip
        from flailpilot import cli  # noqa: PLC0415

        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert not ended.value.code
    return folder


@pytest.fixture
def folder(good, tmp_path):
    shutil.copytree(good, tmp_path / "job")
    return tmp_path / "job"


def summary(folder, **change):
    path = folder / "plan" / "summary.json"
    found = json.loads(path.read_text())
    found.update(change)
    path.write_text(json.dumps({key: value for key, value in found.items() if value is not None}))
    return found


def certificate(folder, **change):
    summary(folder, certificate=summary(folder)["certificate"] | change)


def other_ground(folder):
    doc = document(feature("work_area", ring_lonlat([(x, y + 0.01) for x, y in FIELD])), outside="safe")
    (folder / "ground.geojson").write_text(json.dumps(doc))


def stored(folder, **change):
    """A plan whose own certificate fails, under a name that fits: as an older planner might have left it."""
    path = folder / "plan" / "plan.json"
    plan = msgspec.structs.replace(msgspec.json.decode(path.read_bytes(), type=Plan), **change)
    plan = msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))
    path.write_bytes(msgspec.json.encode(plan))
    summary(folder, plan_hash=plan.plan_hash)


def failing(folder):
    plan = msgspec.json.decode((folder / "plan" / "plan.json").read_bytes(), type=Plan)
    stored(folder, certificate=msgspec.structs.replace(plan.certificate, missed_bitmap_m2=0.25))


def slower(folder):
    path = folder / "plan" / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"speed_mps":', b'"speed_mps":1', 1))


REFUSED = {
    "no folder": (lambda folder: shutil.rmtree(folder / "plan"), ("summary.json", "no such file")),
    "no plan.json": (lambda folder: (folder / "plan" / "plan.json").unlink(), ("plan.json", "no such file")),
    "no certificate": (lambda folder: summary(folder, certificate=None), ("no certificate",)),
    "an empty certificate": (lambda folder: summary(folder, certificate={}), ("missed_nominal_m2 = None",)),
    "missed, nominal": (lambda folder: certificate(folder, missed_nominal_m2=0.5), ("missed_nominal_m2 = 0.5",)),
    "missed, shrunk": (lambda folder: certificate(folder, missed_shrunk_m2=2.0), ("missed_shrunk_m2 = 2",)),
    "missed by bitmap": (lambda folder: certificate(folder, missed_bitmap_m2=0.25), ("missed_bitmap_m2 = 0.25",)),
    "missed by bitmap, shrunk": (
        lambda folder: certificate(folder, missed_shrunk_bitmap_m2=0.5),
        ("missed_shrunk_bitmap_m2 = 0.5",),
    ),
    "NaN": (lambda folder: certificate(folder, missed_shrunk_m2=float("nan")), ("missed_shrunk_m2 = nan",)),
    "failing under the printed zeros": (failing, ("certificate says 0.25 m2 are missed",)),
    "another plan's summary": (lambda folder: summary(folder, plan_hash="0123456789abcdef"), ("not one plan",)),
    "a segment changed": (slower, ("not one plan",)),
    "no JSON": (lambda folder: (folder / "plan" / "plan.json").write_text("{"), ("plan.json", "no plan")),
    "another site": (other_ground, ("made for site", "this is ground")),
    "other declarations": (lambda folder: ground(folder, outside="safe", tripwires="none"), ("made for site",)),
}


@pytest.mark.parametrize("command", ["sim", "drive"])
@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(monkeypatch, capsys, folder, command, case):
    spoil, words = REFUSED[case]
    spoil(folder)
    typed = ["sim", "--site", folder / "ground.geojson", "--plan", folder / "plan", "--out", folder / "out"]
    if command == "drive":
        place = '[site]\nfile = "ground.geojson"\nplan = "plan"\n'
        typed = ["drive", write_config(folder, udp_port=14_998, place=place)]
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, said) == (2, "")
    assert told.count("\n") == 1
    for word in words:
        assert word in told, told
    assert "plan the site anew" in told or "plan this site anew" in told or "name a folder" in told
    assert not (folder / "out").exists()


def test_another_machine_is_told_by_what_differs(folder):
    site = load_site(folder / "ground.geojson")
    memat = footprint(load_machine("memat"))
    longer = msgspec.structs.replace(memat, track_length_m=memat.track_length_m + 0.1)
    with pytest.raises(InputError, match=r"track_length_m differ"):
        load_plan(folder / "plan", site, longer)
    assert load_plan(folder / "plan", site, memat).machine == memat


def test_drive_takes_the_plan_that_was_looked_at(monkeypatch, folder):
    place = '[site]\nfile = "ground.geojson"\nplan = "quick"\n'
    file = load_drive(write_config(folder, udp_port=14_998, place=place))
    site = load_site(folder / "ground.geojson")
    plan = plan_site(site, footprint(file.vehicle.machine))
    write_plan_files(plan, site, folder / "quick")
    monkeypatch.setattr("vehicle.planning.coverage.planner.plan_site", None)  # nothing is planned anew
    assert start_state(file).mission.plan == plan


def test_sim_drives_the_plan_that_was_looked_at(monkeypatch, capsys, folder):
    """Up to where the mission begins."""
    driven = []

    def begin(scenario, machine, site, plan, recorder, **_):
        recorder.close()
        driven.append((scenario.name, machine.name, site.name, plan.plan_hash))
        raise InputError("far enough")

    monkeypatch.setattr("flailpilot.simulate.run_mission", begin)
    monkeypatch.setattr("flailpilot.simulate.plan_whole", None)
    typed = ["sim", "--site", folder / "ground.geojson", "--plan", folder / "plan", "--out", folder / "out"]
    status, _, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, told) == (2, "flailpilot: far enough\n")
    assert [row[3] for row in driven] == [summary(folder)["plan_hash"]]


def test_drive_refuses_ground_outside_that_nobody_spoke_of(monkeypatch, capsys, tmp_path):
    ground(tmp_path)
    path = write_config(tmp_path, udp_port=14_998, place='[site]\nfile = "ground.geojson"\n')
    status, _, told = flailpilot(monkeypatch, capsys, "drive", path)
    assert status == 2
    assert told.count("\n") == 1
    assert "ground.geojson" in told
    assert 'outside = "safe" or "unknown"' in told
    told_there = write_config(tmp_path, udp_port=14_998, place='[site]\nfile = "ground.geojson"\noutside = "safe"\n')
    assert start_state(load_drive(Path(told_there))).mission.plan is not None


@pytest.mark.parametrize("value_m2", [0.25, float("nan"), float("inf")])
@pytest.mark.parametrize(
    "key", ["missed_nominal_m2", "missed_shrunk_m2", "missed_bitmap_m2", "missed_shrunk_bitmap_m2"]
)
def test_each_figure_of_a_certificate_counts(folder, key, value_m2):
    plan = msgspec.json.decode((folder / "plan" / "plan.json").read_bytes(), type=Plan)
    check_certificate(plan)
    failed = msgspec.structs.replace(plan.certificate, **{key: value_m2})
    with pytest.raises(InputError, match="are missed"):
        check_certificate(msgspec.structs.replace(plan, certificate=failed))


def test_a_plan_without_a_pass_is_not_driven(folder):
    plan = msgspec.json.decode((folder / "plan" / "plan.json").read_bytes(), type=Plan)
    with pytest.raises(InputError, match="no pass"):
        check_certificate(msgspec.structs.replace(plan, segments=()))
