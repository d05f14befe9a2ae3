"""`flailpilot report`: papers from folders alone; several runs add up, ground counts once; bad input is one line."""

import errno
import json
import os
import shutil
import sqlite3
from pathlib import Path

import msgspec
import numpy as np
import pytest
import shapely

from campaign import outcome
from flailpilot import drive, report, run_facts, run_reading, simulate
from flailpilot.run_reading import Run, check_area, read_run
from tests.control.ledger import jobs
from tests.flailpilot.broken_off import SCENARIO, broken_off_once
from tests.flailpilot.test_bad_sites import flailpilot
from tests.flailpilot.test_resume import ground
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, HeldBack, Knowledge, LedgerStroke
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import Untreatable, UntreatableReason
from vehicle.control.ground import raster
from vehicle.planning.files.kept_site import read_site, write_site
from vehicle.planning.site.site import load_site
from vehicle.records import journal
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Session
from vehicle.records.several import moved
from vehicle.reports import results, time_sections
from vehicle.reports.facts import ReportKind
from vehicle.reports.gaps import Found

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that ended in the middle of the first swath."""
    return broken_off_once(tmp_path_factory, ground(tmp_path_factory.mktemp("ground")), 75.0)


@pytest.fixture(scope="module")
def run(job: Path) -> Run:
    return read_run(job / "run", None)


def test_the_papers_of_a_run_are_made_again_from_its_folder_alone(monkeypatch, capsys, job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "far")
    args = ("report", tmp_path / "far", "--out", tmp_path / "out", "--public", "--no-pdf")
    status, said, told = flailpilot(monkeypatch, capsys, *args)
    assert (status, told) == (0, "")
    assert "processed is not cleared" in said
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Daily report" in page
    assert "SIMULATED" in page
    first = (job / "run" / "ledger.geojson").read_bytes().replace(b'"run"', b'"far"')
    assert (tmp_path / "out" / "ledger.geojson").read_bytes().replace(b'"run"', b'"far"') == first
    figures = json.loads((tmp_path / "out" / "public.json").read_text())
    assert figures["classification"] == "public"
    assert not any("46.9" in value or "39.9" in value for value in figures.values())


@pytest.mark.draws
def test_a_report_in_another_language_has_its_map_and_the_same_figures(monkeypatch, capsys, job, tmp_path):
    for language in ("en", "tr"):
        args = ("report", job / "run", "--out", tmp_path / language, "--no-pdf", "--language", language)
        assert flailpilot(monkeypatch, capsys, *args)[0] == 0
    english, turkish = (tmp_path / language for language in ("en", "tr"))
    assert "<html lang='tr'>" in (turkish / "report.html").read_text(encoding="utf-8")
    assert (english / "map.png").read_bytes() != (turkish / "map.png").read_bytes()
    assert (english / "ledger.geojson").read_bytes() == (turkish / "ledger.geojson").read_bytes()


def test_a_recording_that_was_torn_is_read_as_far_as_it_goes_and_says_so(monkeypatch, capsys, job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "torn")
    content = (tmp_path / "torn" / "run.mcap").read_bytes()
    (tmp_path / "torn" / "run.mcap").write_bytes(content[: len(content) * 2 // 3])
    status, _, _ = flailpilot(monkeypatch, capsys, "report", tmp_path / "torn", "--no-pdf")
    assert status == 0
    assert "run.mcap was not closed" in (tmp_path / "torn" / "report.html").read_text(encoding="utf-8")


def test_a_shortened_recording_makes_no_run_faster_and_is_told_before_the_figures(job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "torn")
    content = (tmp_path / "torn" / "run.mcap").read_bytes()
    (tmp_path / "torn" / "run.mcap").write_bytes(content[: len(content) // 3])
    whole, cut = (report.facts_of_folders(report.Asked(runs=(path,))) for path in (job / "run", tmp_path / "torn"))
    assert (whole.unread_s, whole.remarks) == (0.0, ())
    assert cut.unread_s > 20.0
    assert cut.time_s == pytest.approx(whole.time_s, abs=1.0)
    assert cut.rate_m2_per_h == pytest.approx(whole.rate_m2_per_h, rel=0.05)
    assert "before the run: what is on record after that cannot be made again from it" in cut.remarks[0]
    assert ">not recorded<" in time_sections.hours(cut)


def in_two(run: Run) -> tuple[Run, Run]:
    """The same work as two runs with journals of their own, the second a day later, strokes numbered from 1 in each."""
    records = run.journal.records
    places = [place for place, record in enumerate(records) if isinstance(record, LedgerStroke)]
    cut = places[len(places) // 2]
    header = next(record for record in records if isinstance(record, Header))
    numbers = [record.number for record in records[:cut] if isinstance(record, LedgerStroke)]
    second = [moved(record, -numbers[-1]) for record in records[cut:] if isinstance(record, LedgerStroke)]
    session = Session(session_id=1, utc="2025-01-02T00:00:00.000Z", time_source="simulated")
    kept = msgspec.structs.replace(run.journal, records=(header, session, *second))
    early = msgspec.structs.replace(run, journal=msgspec.structs.replace(run.journal, records=records[:cut]))
    manifest = msgspec.structs.replace(run.manifest, run="later", start_utc="2025-01-02T00:00:00.000Z")
    late = msgspec.structs.replace(
        run, journal=kept, manifest=manifest, journal_path=Path("/later"), zero_us=(run.zero_us or 0) + 86_400_000_000
    )
    return early, late


def test_two_runs_add_up_to_the_whole_and_lots_part_at_the_day(run):
    early, late = in_two(run)
    whole = run_facts.facts_of([run], ReportKind.DAILY)
    both = run_facts.facts_of([late, early], ReportKind.COMPLETION)  # in any order
    for column, row, tile in raster.each(whole.ledger.tiles):
        other = raster.find(both.ledger.tiles, (column // raster.TILE, row // raster.TILE))
        assert np.array_equal(tile[raster.FLAGS], other[raster.FLAGS])
    assert both.found.processed_m2 == pytest.approx(whole.found.processed_m2, abs=1e-9)
    assert sum(row.processed_m2 for row in both.runs) == pytest.approx(both.found.processed_m2, abs=1e-9)
    assert all(row.processed_m2 > 0.0 for row in both.runs)
    assert [lot.day for lot in both.lots] == ["2025-01-01", "2025-01-02"]
    assert both.time_s == pytest.approx(2 * whole.time_s)
    assert np.isnan(both.trail_m).any()  # nobody drew a way between two days
    assert sorted(set(both.event_runs)) == [0, 1]
    assert len(both.event_runs) == len(both.events)
    assert [end_s > 86_400.0 for end_s in both.run_ends_s] == [False, True]
    assert all(0.0 <= stop.end_s - stop.start_s < 600.0 for stop in time_sections._stops(both))


def test_the_same_ground_worked_in_two_runs_counts_once(run):
    again = msgspec.structs.replace(
        run,
        journal_path=Path("/again"),
        journal=msgspec.structs.replace(run.journal, records=(*run.journal.records[:1], *run.journal.records[2:])),
    )
    both = run_facts.facts_of([run, again], ReportKind.DAILY)
    assert both.found.processed_m2 == pytest.approx(
        run_facts.facts_of([run], ReportKind.DAILY).found.processed_m2, abs=1e-9
    )


def test_a_later_runs_check_confirms_nothing_of_an_earlier_run(run):
    early, late = in_two(run)
    rows = late.journal.records
    closing = Confirm(kind="base", by="A", until_number=len(rows), closing=True)
    late = msgspec.structs.replace(late, journal=msgspec.structs.replace(late.journal, records=(*rows, closing)))
    both = run_facts.facts_of([early, late], ReportKind.COMPLETION)
    assert both.ledger.provisional_cells == run_facts.facts_of([early], ReportKind.DAILY).ledger.credited_cells > 0


def test_no_paper_is_made_of_a_journal_that_may_lack_a_withdrawal(monkeypatch, capsys, job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "broken")
    path = tmp_path / "broken" / "ledger.journal"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    status, _, told = flailpilot(monkeypatch, capsys, "report", tmp_path / "broken", "--no-pdf")
    assert status == 2
    assert "no paper is made of it" in told
    assert "at byte" in told


def test_no_paper_is_made_of_a_journal_without_a_withdrawal_that_the_recording_tells(
    monkeypatch, capsys, job, tmp_path
):
    read = run_reading._recording

    def recording(path):
        found = read(path)
        found.events.append(Event(t_ns=1, tick=1, kind="record", text="credit withdrawn: hammers lost"))
        return found

    monkeypatch.setattr(run_reading, "_recording", recording)
    status, _, told = flailpilot(monkeypatch, capsys, "report", job / "run", "--no-pdf", "--out", tmp_path / "out")
    assert (status, told.count("\n")) == (2, 1)
    assert "ledger.journal: lacks a withdrawal of which the recording tells" in told
    assert not (tmp_path / "out").exists()


def test_nothing_is_imported_beside_a_journal_whose_chain_is_broken(monkeypatch, capsys, job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "broken")
    path = tmp_path / "broken" / "ledger.journal"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    args = ("--site", job / "ground.geojson", "--team", "dog", "--who", "A", "--when", "2026-11-29", "--method", "b")
    ground_file = job / "ground.geojson"
    status, _, told = flailpilot(
        monkeypatch, capsys, "ledger", "follow-up", tmp_path / "broken", ground_file, *args, "--result", "none"
    )
    assert (status, told.count("\n")) == (2, 1), told
    assert "nothing is added to it" in told
    assert "at byte" in told
    assert not (tmp_path / "broken" / "follow_up").exists()


def test_a_run_of_a_later_program_is_named_as_one(monkeypatch, capsys, job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "later")
    (tmp_path / "later" / "run.json").write_text('{"format": 99, "anything": 1}')
    status, _, told = flailpilot(monkeypatch, capsys, "report", tmp_path / "later", "--no-pdf")
    assert (status, told.count("\n")) == (2, 1)
    assert "of format 99, this program reads up to" in told


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"simulated": False}, "says simulated False, the recording of the run says True"),
        ({"start_utc": "2024-12-31T00:00:00.000Z"}, "says start_utc 2024-12-31"),
        ({"time_source": "gnss", "start_utc": "yesterday"}, "start_utc is 'yesterday', no time in UTC"),
        ({"end_utc": "2024-12-31T00:00:00.000Z"}, "ends at 2024-12-31T00:00:00.000Z, before its start"),
    ],
)
def test_no_paper_is_made_of_a_run_file_that_contradicts_its_recording(
    changed, words, monkeypatch, capsys, job, tmp_path
):
    shutil.copytree(job / "run", tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    status, said, told = flailpilot(monkeypatch, capsys, "report", tmp_path / "run", "--no-pdf", "--out", tmp_path)
    assert (status, said, told.count("\n")) == (2, "", 1)
    assert f"{path}: {words}" in told
    assert not (tmp_path / "report.html").exists()


def test_no_paper_is_made_of_another_runs_journal(monkeypatch, capsys, job, run, tmp_path):
    shutil.copytree(job / "run", tmp_path / "foreign")
    path = tmp_path / "foreign" / "ledger.journal"
    path.unlink()
    header = msgspec.structs.replace(run.journal.records[0], datum_lat_deg=40.5)
    JournalWriter.open(path, header, Session(session_id=1, utc="")).close()
    status, _, told = flailpilot(monkeypatch, capsys, "report", tmp_path / "foreign", "--no-pdf")
    assert status == 2
    assert told.count("\n") == 1
    assert "latitude of the datum 40.5" in told


def test_a_plan_of_a_rest_lists_what_the_plan_before_it_listed(run):
    """Ground that the first plan listed was never asked of the second: it is listed, and not missed."""
    shape = run.site.work_area.buffer(-3.0)
    rows = (Untreatable(reason=UntreatableReason.SLOPE, rings_m=(tuple(shape.exterior.coords),), area_m2=shape.area),)
    first = msgspec.structs.replace(run, plan=msgspec.structs.replace(run.plan, untreatable=rows, plan_hash="first"))
    rest = msgspec.structs.replace(run.plan, untreatable=(), area_m2=run.plan.area_m2 / 2.0)
    later = msgspec.structs.replace(run, plan=rest)
    listed = run_facts.with_earlier_lists(later, [first, later]).untreatable
    assert [row.reason for row in listed] == [UntreatableReason.SLOPE]
    assert listed[0].area_m2 == pytest.approx(shape.area)
    whole = msgspec.structs.replace(later, plan=msgspec.structs.replace(rest, area_m2=run.plan.area_m2))
    assert run_facts.with_earlier_lists(whole, [first, whole]).untreatable == ()


def test_runs_that_share_a_journal_are_read_once(run):
    once = run_facts.facts_of([run], ReportKind.DAILY)
    twice = run_facts.facts_of([run, run], ReportKind.DAILY)
    assert twice.ledger.credited_cells == once.ledger.credited_cells


def test_runs_of_other_ground_are_refused(run):
    header = msgspec.structs.replace(run.journal.records[0], required_depth_m=0.2)
    other = msgspec.structs.replace(
        run, journal=msgspec.structs.replace(run.journal, records=(header, *run.journal.records[1:]))
    )
    with pytest.raises(InputError, match="of another task"):
        run_facts.facts_of([run, other], ReportKind.DAILY)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nowhere",), "is not there; name the folder of a run"),
        ((".",), "run.json"),
        (("run", "run"), "named twice"),
        (("run", "--kind", "weekly"), "write daily or completion"),
        (("run", "--language", "de"), "write en, az, tr or uk"),
        (("run", "--visits", "future.toml"), "is in the future"),
        (("run", "--visits", "odd.toml"), "severity"),
        (("run", "--visits", "old.toml"), "old.toml: visit 1: 0025-01-02 lies before 1990; correct the year"),
        (("run", "--visits", "due.toml"), "due on 1025-01-03, before the visit (2025-01-02); correct one"),
        (("run", "--visits", "words.toml"), "visit 1: result says 'cleared': only a document of the authority"),
        (("run", "--visits", "unknown.toml"), "colour"),
        (("run", "--task", "deep.toml"), "required depth: run says 0.15 m, deep.toml says 0.9 m"),
    ],
)
def test_bad_input_is_one_line(args, words, monkeypatch, capsys, job):
    visit = '[[visit]]\ndate = {}\nby = "a"\ninspected = "b"\nactivity = "c"\nresult = "d"\n'
    (job / "future.toml").write_text(visit.format("2999-01-01"))
    fault = '[[visit.nonconformity]]\nnumber = "1"\nseverity = "bad"\ntext = "x"\nmeasures = "y"\ndue = 2025-01-03\n'
    (job / "odd.toml").write_text(visit.format("2025-01-02") + fault)
    (job / "old.toml").write_text(visit.format("0025-01-02"))
    (job / "due.toml").write_text(visit.format("2025-01-02") + fault.replace("bad", "minor").replace("2025", "1025"))
    (job / "words.toml").write_text(visit.format("2025-01-02").replace('result = "d"', 'result = "lot L3 is cleared"'))
    (job / "unknown.toml").write_text(visit.format("2025-01-02") + 'colour = "red"\n')
    stated = Path("configs/tasks/form.toml").read_text(encoding="utf-8")
    (job / "deep.toml").write_text(stated.replace('required_depth_m = "not stated"', "required_depth_m = 0.9"))
    monkeypatch.chdir(job)
    status, _, told = flailpilot(monkeypatch, capsys, "report", *args)
    assert status == 2
    assert told.count("\n") == 1
    assert words in told


def test_a_folder_without_its_site_asks_for_it_and_takes_it(monkeypatch, capsys, job, tmp_path):
    shutil.copytree(job / "run", tmp_path / "run")
    (tmp_path / "run" / "site.json").unlink()
    status, _, told = flailpilot(monkeypatch, capsys, "report", tmp_path / "run", "--no-pdf")
    assert (status, "--site FILE" in told) == (2, True)
    args = ("report", tmp_path / "run", "--no-pdf", "--site", job / "ground.geojson")
    assert flailpilot(monkeypatch, capsys, *args)[0] == 0


def test_the_kept_site_is_the_site_to_the_last_bit(job, tmp_path):
    site = load_site(job / "ground.geojson")
    write_site(tmp_path, site)
    kept = read_site(tmp_path)
    assert (kept.site_hash, kept.datum, kept.warnings) == (site.site_hash, site.datum, site.warnings)
    assert shapely.to_wkb(kept.work_area) == shapely.to_wkb(site.work_area)


def test_a_kept_site_that_was_changed_is_refused(job, tmp_path):
    site = load_site(job / "ground.geojson")
    write_site(tmp_path, site)
    path = tmp_path / "site.json"
    kept = json.loads(path.read_text())
    for name, value in (("outside", "unknown"), ("areas", kept["areas"] | {"keep_out": kept["areas"]["work_area"]})):
        path.write_text(json.dumps(kept | {name: value}))
        with pytest.raises(InputError, match=r"site\.json: was changed after it was written"):
            read_site(tmp_path)
    path.write_text(json.dumps(kept, indent=3))
    assert read_site(tmp_path).site_hash == site.site_hash
    path.write_text(json.dumps({name: value for name, value in kept.items() if name != "hash"}))
    assert read_site(tmp_path).site_hash == site.site_hash  # of an earlier program


def test_a_plan_that_was_changed_or_is_another_one_is_refused(job, run, tmp_path):
    shutil.copytree(job / "run", tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    name = manifest["plan_hash"]
    kept = tmp_path / "run" / f"plan-{name}.json"
    kept.write_bytes((tmp_path / "run" / "plan" / "plan.json").read_bytes())
    shutil.rmtree(tmp_path / "run" / "plan")
    assert read_run(tmp_path / "run", None).plan == run.plan
    listed = msgspec.structs.replace(run.plan, area_m2=run.plan.area_m2 - 1.0)
    kept.write_bytes(msgspec.json.encode(listed))
    with pytest.raises(InputError, match=rf"plan-{name}\.json: plan {name} was changed"):
        read_run(tmp_path / "run", None)
    kept.unlink()
    assert read_run(tmp_path / "run", None).plan == run.plan  # as it was held at the start
    (tmp_path / "run" / "run.json").write_text(json.dumps(manifest | {"plan_hash": "0123456789abcdef"}))
    older = read_run(tmp_path / "run", None)  # killed between the two files
    assert (older.plan, f"is listed by plan {name}, which was held at the start" in older.note) == (run.plan, True)
    shutil.copytree(job / "run" / "plan", tmp_path / "run" / "plan")
    with pytest.raises(InputError, match=rf"names plan 0123456789abcdef, here is plan {name}"):
        read_run(tmp_path / "run", None)


def test_a_site_with_less_ground_than_its_plan_was_made_for_is_refused(run):
    check_area(run.folder, run.site, run.plan)
    smaller = msgspec.structs.replace(run.site, keep_out=run.site.work_area.centroid.buffer(2.0))
    with pytest.raises(InputError, match=r"its plan was made for .* site\.json was changed"):
        check_area(run.folder, smaller, run.plan)
    rest = msgspec.structs.replace(run.plan, area_m2=1.0)
    check_area(run.folder, smaller, rest)


def test_what_fell_due_after_the_last_good_reading_is_in_the_facts(run):
    good = Confirm(kind="depth", by="A", until_number=1)
    start = next(row for row in run.journal.records if isinstance(row, Session))
    for rows, due in (((good,), False), ((good, HeldBack(first_number=2)), True), ((good, start), True)):
        kept = msgspec.structs.replace(run.journal, records=(*run.journal.records, *rows))
        facts = run_facts.facts_of([msgspec.structs.replace(run, journal=kept)], ReportKind.DAILY)
        assert (Knowledge.DEPTH in (facts.due or ())) is due


FULL = [OSError(errno.ENOSPC, "No space left on device"), sqlite3.OperationalError("database or disk is full")]


def papers_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("error", FULL, ids=["file", "package"])
def test_a_full_disk_is_one_line_and_the_old_papers_are_whole(error, tmp_path, monkeypatch):
    report.write_papers(tmp_path, jobs.open_job(), pdf=False)
    before = papers_in(tmp_path)

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(results, "write_lots", full)
    with pytest.raises(InputError, match=r"the papers cannot be written: .*full|No space") as refused:
        report.write_papers(tmp_path, jobs.done_job(), pdf=False, public=True)
    assert "\n" not in str(refused.value)
    assert papers_in(tmp_path) == before


def test_a_rename_that_fails_midway_leaves_the_old_set_and_what_belongs_to_it(tmp_path, monkeypatch):
    report.write_papers(tmp_path, jobs.open_job(), pdf=False, public=True, more={"summary.json": b"old"})
    before, move, count = papers_in(tmp_path), Path.replace, [0]

    def refused(source: Path, place: Path) -> Path:
        count[0] += 1
        if count[0] >= first and (count[0] == first or stuck):
            raise FULL[0]
        return move(source, place)

    monkeypatch.setattr(Path, "replace", refused)
    first, stuck = len(before) + 5, False  # four of the new ones were in their place
    with pytest.raises(
        InputError, match=r"No space left on device; the papers that were there are as they were"
    ) as told:
        report.write_papers(tmp_path, jobs.done_job(), pdf=False, more={"summary.json": b"new"})
    assert "\n" not in str(told.value)
    assert papers_in(tmp_path) == before
    count[0], stuck = 0, True
    with pytest.raises(InputError, match=r"of the new papers ledger\.geojson, .* are there, and no old one"):
        report.write_papers(tmp_path, jobs.done_job(), pdf=False, more={"summary.json": b"new"})


def test_papers_of_an_older_record_do_not_stay_beside_the_new_ones(tmp_path, capsys):
    report.write_papers(tmp_path, jobs.open_job(), pdf=True, public=True, more={"summary.json": b"of the run"})
    (tmp_path / "run.mcap").write_bytes(b"recording")
    report.write_papers(tmp_path, jobs.open_job(), pdf=False)
    there = set(papers_in(tmp_path))
    assert not there & {"report.pdf", "public.json"}
    assert there >= {"summary.json", "run.mcap", "report.html"}
    assert "report.pdf, public.json of the papers before these: taken away" in capsys.readouterr().err
    report.write_papers(tmp_path, jobs.open_job(), pdf=False)
    assert capsys.readouterr().err == ""


def test_sim_leaves_its_recording_and_no_half_set_where_the_disk_refuses_papers(monkeypatch, capsys, tmp_path):
    ground(tmp_path)
    (tmp_path / "scenario.toml").write_text(SCENARIO.format(sim_max_s=20.0))

    def refused(_: Path, place: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(place))

    def summed(files: outcome.RunFiles, found: Found, wall_s: float) -> object:
        monkeypatch.setattr(Path, "replace", refused)  # from here on only papers are written
        return outcome.summary_of(files, found, wall_s)

    monkeypatch.setattr(simulate, "summary_of", summed)
    status, _, told = flailpilot(monkeypatch, capsys, "sim", tmp_path / "scenario.toml", "--out", tmp_path / "run")
    assert (status, told.count("\n")) == (2, 1), told
    assert "the papers cannot be written: No space left on device" in told
    there = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"run.mcap", "run.json", "ledger.journal"} <= there
    assert not there & {"report.html", "summary.json", "ledger.gpkg"}


def test_a_folder_in_a_papers_place_changes_none_of_the_others(tmp_path):
    report.write_papers(tmp_path, jobs.open_job(), pdf=False)
    (tmp_path / "states.csv").unlink()
    before = papers_in(tmp_path)
    (tmp_path / "states.csv").mkdir()
    with pytest.raises(InputError, match=r"states\.csv is a folder"):
        report.write_papers(tmp_path, jobs.done_job(), pdf=False)
    (tmp_path / "states.csv").rmdir()
    assert papers_in(tmp_path) == before


def test_nothing_is_written_into_a_sealed_run(monkeypatch, capsys, tmp_path):
    (tmp_path / "SEALED").write_text("sealed\n")
    for args in ((tmp_path,), (tmp_path / "other", "--out", tmp_path)):
        status, said, told = flailpilot(monkeypatch, capsys, "report", *args, "--no-pdf")
        assert (status, said, told.count("\n")) == (2, "", 1)
        assert "was sealed after an incident" in told
    with pytest.raises(InputError, match="sealed"):
        report.write_papers(tmp_path, jobs.done_job(), pdf=False)
    assert papers_in(tmp_path) == {"SEALED": b"sealed\n"}


def test_what_the_system_refuses_is_one_line(monkeypatch, capsys, tmp_path):
    def full(*_: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system", str(tmp_path / "run.json"))

    monkeypatch.setattr(report, "facts_of_folders", full)
    status, said, told = flailpilot(monkeypatch, capsys, "report", tmp_path / "run")
    assert (status, said, told) == (2, "", f"flailpilot: {tmp_path / 'run.json'}: Read-only file system\n")


@pytest.mark.parametrize("error", [*FULL, KeyError("x")], ids=["file", "package", "program"])
def test_a_report_that_cannot_be_made_ends_no_drive(error, tmp_path, monkeypatch, capsys):
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "setpriority", lambda *_: None)  # of the tests' own process
    (tmp_path / "ledger.journal").write_bytes(b"")
    monkeypatch.setattr(journal, "read", lambda _: msgspec.defstruct("Read", [("stroke_count", int)])(1))
    monkeypatch.setattr(report, "facts_of_folders", lambda _: jobs.open_job())
    monkeypatch.setattr(results, "write_gpkg", full)
    drive.leave_report(tmp_path)
    told = capsys.readouterr().err
    assert told.startswith("flailpilot: no report of this run: ")
    assert told.count("\n") == 1
    assert set(papers_in(tmp_path)) == {"ledger.journal"}


def test_drive_leaves_a_report_where_ground_was_worked_and_a_line_where_it_cannot(job, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "setpriority", lambda *_: None)  # of the tests' own process
    shutil.copytree(job / "run", tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    drive.leave_report(tmp_path / "run")
    assert (tmp_path / "run" / "report.html").exists()
    assert "report of this run" in capsys.readouterr().err
    (tmp_path / "run" / "run.json").write_text("{")
    drive.leave_report(tmp_path / "run")
    told = capsys.readouterr().err
    assert told.startswith("flailpilot: no report of this run: ")
    assert told.count("\n") == 1
    drive.leave_report(tmp_path / "none")
    assert capsys.readouterr().err == ""
