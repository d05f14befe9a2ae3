"""Runs and what was imported beside them: nothing counts twice, and nothing that excludes another stands beside it."""

from pathlib import Path

import msgspec
import pytest
import shapely

from flailpilot.ledger import cut_text, simulated_by, simulated_text
from flailpilot.own_journal import check_recording
from flailpilot.run_imports import check_once, check_one_task, follow_ups_of, older_texts, releases_of
from flailpilot.run_reading import Run
from tests.flailpilot.test_run_facts import DAY1, DAY2, FIRST, SECOND, run_of
from tests.reports.test_imported import GROUND, NOW, PAPER, SAID, geojson
from vehicle.contracts.errors import InputError
from vehicle.host.utc import TimeSource
from vehicle.reports import imported, importing
from vehicle.reports.facts import FileHash
from vehicle.runtime.verification import Chain, Verified

RUNS = (run_of(DAY1, FIRST, 1), run_of(DAY2, SECOND, 2))


def two(folder: Path) -> list[Run]:
    found = []
    for number, run in enumerate(RUNS):
        (folder / str(number)).mkdir()
        found.append(msgspec.structs.replace(run, folder=folder / str(number)))
    return found


def test_a_copy_of_a_run_is_refused_because_its_hours_would_count_twice() -> None:
    check_once(RUNS)
    copy = msgspec.structs.replace(RUNS[0], folder=Path("/copy"))
    with pytest.raises(InputError, match=r"^/copy: is the same run as /none, or a copy; name one of them$"):
        check_once([*RUNS, copy])
    # a recording that was copied beside another run
    file = FileHash(name="a/run.mcap", size_bytes=1, sha256="00")
    bare = [msgspec.structs.replace(run, files=(file,)) for run in RUNS]
    with pytest.raises(InputError, match="is the same run as"):
        check_once(bare)


def test_runs_of_two_task_orders_are_refused() -> None:
    def of(run: Run, task: str) -> Run:
        return msgspec.structs.replace(run, manifest=msgspec.structs.replace(run.manifest, task=task))

    check_one_task([of(RUNS[0], "TO-1"), of(RUNS[1], "TO-1"), of(RUNS[1], "")])
    with pytest.raises(InputError, match=r"^/none: is of task order TO-2, /none of TO-1; name the runs of one task"):
        check_one_task([of(RUNS[0], "TO-1"), of(RUNS[1], ""), of(RUNS[1], "TO-2")])


@pytest.mark.parametrize("name", ["session_id", "vehicle_id", "machine"])
def test_a_recording_of_another_run_is_refused(name: str) -> None:
    manifest = RUNS[0].manifest
    own = {key: str(value) for key, value in msgspec.to_builtins(manifest).items()}
    check_recording(Path("run.mcap"), own, manifest)
    check_recording(Path("run.mcap"), {}, manifest)
    with pytest.raises(InputError, match=r"^run.mcap: is of .* other, .* put this run's own recording back$"):
        check_recording(Path("run.mcap"), own | {name: "other"}, manifest)


@pytest.mark.parametrize(
    ("name", "value"),
    [("simulated", "True"), ("required_depth_m", "0.3"), ("config_hash", "00ff"), ("start_utc", "2031-01-01")],
)
def test_a_run_file_that_says_another_thing_than_the_recording_is_refused(name: str, value: str) -> None:
    manifest = RUNS[0].manifest
    own = {key: str(value) for key, value in msgspec.to_builtins(manifest).items()}
    assert own[name] != value
    with pytest.raises(InputError, match=rf"^run.json: says {name} .*, the recording of the run says {value}: .*again"):
        check_recording(Path("run.mcap"), own | {name: value}, manifest)


def test_a_start_that_the_receiver_corrected_is_no_contradiction() -> None:
    manifest = msgspec.structs.replace(RUNS[0].manifest, time_source=TimeSource.GNSS)
    told = {"time_source": "ntp", "start_utc": "2025-01-01T00:00:00.000Z"}
    check_recording(Path("run.mcap"), told, manifest)


def test_a_file_that_was_imported_beside_two_runs_counts_once(tmp_path: Path) -> None:
    runs = two(tmp_path)
    shapes = [shapely.transform(shapely.box(2, 3, at, 15), GROUND.datum.lonlat_from_enu_array) for at in (20, 30)]
    path = geojson(tmp_path / "team.geojson", shapes, **SAID)
    for run in runs:
        found = importing.follow_ups(path, GROUND, {}, NOW)
        imported.keep(run.folder, found, {path.name: path.read_bytes()})
    assert follow_ups_of(runs) == found


def test_what_is_older_than_the_work_is_a_remark(tmp_path: Path) -> None:
    runs = two(tmp_path)
    shape = shapely.transform(shapely.box(2, 3, 20, 15), GROUND.datum.lonlat_from_enu_array)
    for number, day in enumerate(("2026-10-31", "2026-11-01", "2026-11-02")):
        path = geojson(tmp_path / f"{number}.geojson", [shape], **(SAID | {"when": day}))
        imported.keep(runs[1].folder, importing.follow_ups(path, GROUND, {}, NOW), {path.name: path.read_bytes()})
    (told,) = older_texts(runs)
    assert told.startswith("follow-up by a team (")
    assert "is of 2026-10-31, before the first of these runs (2026-11-01)" in told


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, ""),
        ({"number": "R-2"}, ""),
        ({"number": "R-2", "category": "cancelled"}, "m2 of it are already reduced by document R-1"),
        ({"category": "cancelled"}, "a document with number R-1 has already been imported"),
    ],
)
def test_documents_beside_several_runs_must_agree(said: dict[str, str], words: str, tmp_path: Path) -> None:
    runs = two(tmp_path)
    shape = shapely.transform(shapely.box(2, 3, 20, 15), GROUND.datum.lonlat_from_enu_array)
    path = geojson(tmp_path / "land.geojson", [shape])
    (tmp_path / "paper.pdf").write_bytes(b"%PDF")
    files = {name: (tmp_path / name).read_bytes() for name in ("land.geojson", "paper.pdf")}
    for run, more in zip(runs, ({}, said), strict=True):
        land = importing.release(path, tmp_path / "paper.pdf", GROUND, PAPER | more, (), NOW)
        imported.keep(run.folder, (land,), files)
    if words:
        with pytest.raises(InputError, match=words):
            releases_of(runs)
    else:
        assert [row.number for row in releases_of(runs)] == (["R-1", "R-2"] if said else ["R-1"])


@pytest.mark.parametrize(
    ("not_recomputed", "end_utc", "is_cut"),
    [(8, "2026-11-30T10:00:00Z", True), (8, "", False), (0, "2026-11-30T10:00:00Z", False)],
)
def test_a_recording_that_was_cut_after_an_orderly_end_is_a_difference(
    not_recomputed: int, end_utc: str, *, is_cut: bool
) -> None:
    """After a crash the record may reach beyond its recording; after an orderly end somebody shortened it."""
    chain = Chain(path="", records=9, strokes=0, acts=0, sessions=1, bytes=0, seal="", credited_m2=0.0, broken="")
    found = Verified(
        chain=chain, recording="", ticks=1, compared=1, credited_m2=0.0, not_recomputed=not_recomputed, differences=()
    )  # fmt: skip
    assert bool(cut_text(found, end_utc)) == is_cut


@pytest.mark.parametrize(
    ("told", "own", "simulated"),
    [({"simulated": "True"}, None, True), ({}, True, True), ({}, False, False), ({}, None, None)],
)
def test_a_check_of_a_record_says_whether_it_is_of_a_simulation(told, own, *, simulated) -> None:
    manifest = None if own is None else msgspec.structs.replace(RUNS[0].manifest, simulated=own)
    assert simulated_by(told, manifest) is simulated
    text = {True: "SIMULATED: no machine worked", None: "no journal says", False: "says that a machine worked"}
    assert text[simulated] in simulated_text(simulated=simulated)
