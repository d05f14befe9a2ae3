"""What a quality officer adds up, looks for and signs: sums of the report, checks, task, visits, empty fields."""

import re
from datetime import date
from pathlib import Path

import msgspec
import pytest
import shapely

from benchmarks.trials.report_sums import LEFT, broken_sums, number, rows, seconds
from tests.config.test_task import STATED as TASK
from tests.control.ledger import jobs
from tests.reports.test_export import RELEASED, SEARCHED
from tests.reports.test_report import Outline
from tests.reports.test_story import samples
from vehicle.config.task import load_task
from vehicle.config.visits import Nonconformity, Visit
from vehicle.contracts.ledger_types import Confirm, HeldBack, Knowledge, Observed, Revoke
from vehicle.contracts.messages import Mode
from vehicle.reports import envelope, ground_sections
from vehicle.reports.about import job_values, public_values
from vehicle.reports.due import due_after
from vehicle.reports.facts import FileHash, JobFacts, RecordedAct, ReportKind, RunLine
from vehicle.reports.lots import Lot
from vehicle.reports.report import report_page

pytestmark = pytest.mark.long

ZERO_US = 1_777_881_600_000_000


def observed(kind: str, value: float, text: str = "", place_m: tuple[float, float] | None = None) -> Observed:
    return Observed(
        kind=kind,
        value=value,
        sigma=0.01,
        place_m=place_m,
        by="team leader",
        text=text,
        station_id=1,
        t_ns=0,
        utc_us=None,
    )


def facts(**changes: object) -> JobFacts:
    acts: tuple[Observed | Confirm | Revoke, ...] = (
        observed("benchmark_check", 0.004, "control point 1"),
        Confirm(kind="base", by="x", until_number=0, closing=False),
        observed("hammer_count", 39.0, "missing 17"), observed("depth_check", 0.17, "arm", (1.0, -1.0)),
        Confirm(kind="depth", by="x", until_number=50), observed("find", 1.0, "fuze, broken, 5 cm", (2.0, 1.0)),
        Revoke(reason="hammer lost", by="x", since_number=1, until_number=2),
    )  # fmt: skip
    mode = [Mode.DISARMED] * 10 + [Mode.AUTO_WORK] * 60 + [Mode.HOLD] * 30
    found = jobs.open_job(
        zero_us=ZERO_US, start_utc="2026-05-04T08:00:00.000Z", end_utc="2026-05-04T08:00:20.000Z",
        run="20260504-1a2b3c",
        time_source="gnss", samples=samples(mode, speed_mps=[0.0] * 10 + [0.2] * 60 + [0.0] * 30), time_s=19.8,
        acts=tuple(RecordedAct(t_s=float(n), act=act) for n, act in enumerate(acts)), software="flailpilot 0.1.0",
        files=(FileHash(name="run.mcap", size_bytes=5, sha256="ab" * 32),),
        lots=(Lot(name="L1", machine="M", last_number=50), Lot(name="L2", machine="M", last_number=10**6)),
    )  # fmt: skip
    line = RunLine(
        name=found.run, start_utc=found.start_utc, end_utc=found.end_utc, time_source="gnss", plan_hash="p",
        config_hash="c0ffee", processed_m2=found.found.processed_m2,
    )  # fmt: skip
    return msgspec.structs.replace(found, runs=(line,), **changes)


@pytest.fixture(scope="module")
def page() -> str:
    return report_page(facts(), b"")


def test_every_sum_of_the_report_adds_up(page: str) -> None:
    assert len(rows(page, "Balance")) > 4
    assert len(rows(page, "Hours")) > 2
    assert len(rows(page, "Lots for sampling")) == 2
    assert broken_sums(facts(), page) == ()


def test_a_reader_who_adds_up_a_column_gets_the_printed_whole() -> None:
    job = facts()
    thirds = tuple(msgspec.structs.replace(job.runs[0], processed_m2=job.found.processed_m2 / 3.0) for _ in range(3))
    page = report_page(msgspec.structs.replace(job, runs=thirds), b"")
    balance = {row[0]: row for row in rows(page, "Balance")}
    parts = [row for name, row in balance.items() if name.startswith(("Processed", "Not workable", "Missed"))]
    processed = number(balance["Processed to the required depth"][1])
    area_m2 = number(balance["<b>Work area without keep-outs</b>"][1])
    assert sum(number(row[1]) for row in parts if "&lt;" not in row[1]) == pytest.approx(area_m2, abs=1e-6)
    assert sum(float(row[2]) for row in parts) == pytest.approx(100.0, abs=1e-6)
    for title, cell in (("Depth of processed ground", 1), ("Lots for sampling", 6), ("Runs and days", 5)):
        assert sum(number(row[cell]) for row in rows(page, title)) == pytest.approx(processed, abs=1e-6), title
    hours = [row[1] for row in rows(page, "Hours")]
    total = re.search(r"add up to the whole time, ([\d:]+) h", page)
    assert total is not None
    assert sum(seconds(cell) for cell in hours) == seconds(f"{total[1]},")
    assert sum(float(cell.split(", ")[1].removesuffix(" %")) for cell in hours) == pytest.approx(100.0, abs=1e-6)


def test_a_run_over_midnight_has_the_day_of_its_end() -> None:
    job = facts()
    run = msgspec.structs.replace(job.runs[0], start_utc="2026-05-04T23:50:00.000Z", end_utc="2026-05-05T00:10:00.000Z")
    (row,) = rows(report_page(msgspec.structs.replace(job, runs=(run,)), b""), "Runs and days")
    assert row[1:4] == ["2026-05-04", "23:50:00", "2026-05-05 00:10:00"]


def test_remarks_stand_before_the_first_figure_of_the_balance() -> None:
    page = report_page(facts(remarks=("accreditation A-1 ended on 2026-05-01",)), b"")
    assert page.index("Remarks on this record") < page.index("accreditation A-1 ended") < page.index(">Balance</h2>")
    assert "Remarks on this record" not in report_page(facts(), b"")


def test_the_report_says_whose_words_of_released_land_stand_in_it() -> None:
    note = RecordedAct(t_s=7.0, act=observed("note", 0.0, "east part cleared, <b>go</b>"))
    page = report_page(msgspec.structs.replace(facts(), acts=(note,)), b"")
    (line,) = re.findall(r"<li>(“cleared” stands in note of [^<]*)</li>", page)
    assert line.endswith("whether land is released stands in a document of the authority alone.")
    assert page.index(line) < page.index(">Balance</h2>")


@pytest.mark.parametrize(
    ("title", "cell", "words"),
    [
        ("Balance", 1, "balance"), ("Depth of processed ground", 1, "depths"), ("Lots for sampling", 6, "lots"),
        ("Runs and days", 5, "runs"), (LEFT, 2, "pieces"), ("Hours", 1, "hours"),
    ],
)  # fmt: skip
def test_a_sum_that_is_wrong_is_named(page: str, title: str, cell: int, words: str) -> None:
    start = page.index(f">{title}</h")
    value = rows(page, title)[0][cell]
    other = "9:00:00" if title == "Hours" else "9999.00"
    wrong = page[:start] + page[start:].replace(f">{value}</td>", f">{other}</td>", 1)
    assert any(line.startswith(words) or words in line for line in broken_sums(facts(), wrong))


def test_provisional_ground_is_one_figure_wherever_it_is_told(page: str) -> None:
    job = facts()
    inside_m2, outside_m2 = job.found.provisional_m2, job.provisional_m2 - job.found.provisional_m2
    assert 0.0 < inside_m2 <= job.found.processed_m2
    assert outside_m2 > 1.0
    (told,) = [row[1] for row in rows(page, "Balance") if "provisional" in row[0]]
    (value,) = [row[1] for row in rows(page, "Task as the record has it") if row[0].startswith("provisional")]
    assert number(told) == pytest.approx(inside_m2, abs=0.005)
    assert number(value) == pytest.approx(inside_m2, abs=0.005)
    assert f"<b>{inside_m2:.2f} m² of the processed ground are provisional</b>" in page
    assert f"On record outside the work area, and provisional too: {outside_m2:.2f} m²" in page


def test_times_of_a_swath_have_their_day_in_a_report_of_several_runs(page: str) -> None:
    assert re.fullmatch(r"[\d:]+ to [\d:]+", rows(page, "Annex: swaths in their order")[0][6])
    job = facts()
    several = report_page(msgspec.structs.replace(job, runs=(*job.runs, *job.runs)), b"")
    assert "2026-05-04" in rows(several, "Annex: swaths in their order")[0][6]


def test_a_ring_says_that_other_ground_lies_in_it() -> None:
    ring = shapely.box(0.0, 0.0, 4.0, 4.0).difference(shapely.box(1.0, 1.0, 3.0, 3.0))
    assert "outer border; inside it is other ground: 1" in ground_sections.corners(facts(), ring)
    assert "other ground" not in ground_sections.corners(facts(), shapely.box(0.0, 0.0, 4.0, 4.0))


def test_no_figure_of_the_founding_documents_enters_a_report(page: str) -> None:
    words = report_page(facts(kind=ReportKind.COMPLETION), b"")
    for text in (page, words, *job_values(facts()).values(), *job_values(facts())):
        assert not re.search(r"P_c|R_e|csc_|contamination|effectiveness_index|sustainab|disturbance", text)


def test_a_small_piece_is_found_by_a_point_in_it(page: str) -> None:
    pieces = rows(page, "Not processed, why, and what must follow")
    small = [row for row in pieces if row[2] == "&lt;0.01"]
    assert small
    assert all(row[3].startswith("at <span") for row in small)
    assert "corners" in pieces[0][3]


def test_the_page_is_whole_says_its_language_and_loads_nothing(page: str) -> None:
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert page.startswith("<!doctype html><html lang='en'>")
    assert {link.split(",")[0] for link in outline.loaded} == {"data:image/png;base64"}
    assert "float" not in page  # a table in a float loses rows of a long PDF without a word


def test_the_warning_is_fixed_and_nothing_is_said_of_residual_risk(page: str) -> None:
    assert "Worked by machine only." in page
    assert "not for feet" in page
    assert page.count("<div class='empty'></div>") == 1
    assert len(re.findall("residual risk", page)) == 1  # where a person is to write
    assert "The software states nothing here" in page


def test_checks_hammers_and_finds_are_told_with_what_came_of_them(page: str) -> None:
    made = rows(page, "Checks made")
    assert [row[1] for row in made] == [
        "base, on a control point", "base", "hammers counted", "depth, rod and straight edge D1", "depth", "record",
    ]  # fmt: skip
    assert "nothing before it is closed" in made[1][4]
    assert "withdrawn</b>: hammer lost" in made[5][4]
    assert rows(page, "Hammers by position")[0][1:3] == ["39", "missing 17"]
    assert rows(page, "Detonations, finds, notes")[0][3] == "fuze, broken, 5 cm"
    assert "2026-05-04 08:00:03" in made[3][0]


def at_one(*acts: Observed | Confirm | Revoke, withdrawn_m2: float | None = None) -> tuple[RecordedAct, ...]:
    """Acts of one moment: a measurement and what came of it."""
    taken = (withdrawn_m2 if isinstance(act, Revoke) else None for act in acts)
    return tuple(RecordedAct(t_s=3.0, act=act, withdrawn_m2=m2) for act, m2 in zip(acts, taken, strict=True))


def test_what_a_measurement_led_to_stands_in_its_line() -> None:
    withdrawn = Revoke(reason="depth", by="leader (station 4)", since_number=3, until_number=9)
    shallower = msgspec.structs.replace(withdrawn, bias_m=0.05)
    checked = (observed("benchmark_check", 0.004, "control point 1"), good(Knowledge.BASE))
    acts = (
        *at_one(*checked),
        *at_one(observed("depth_check", 0.11, "arm", (1.0, -1.0)), withdrawn, withdrawn_m2=20.5),
        *at_one(observed("depth_check", 0.16, "arm", (1.0, -1.0)), shallower, good(Knowledge.DEPTH), withdrawn_m2=0.5),
        *at_one(observed("hammer_count", 39.0, "missing 17"), withdrawn, good(Knowledge.HAMMERS), withdrawn_m2=1.0),
        RecordedAct(t_s=4.0, act=good(Knowledge.CALIBRATION)),
    )
    made = rows(report_page(facts(acts=acts), b""), "Checks made")
    less = "found 0.050 m shallower, 0.50 m² of the work area no longer count as processed"
    assert [(row[1].split()[0], row[4]) for row in made] == [
        ("base,", "control point 1; <b>good</b>"),
        ("depth,", "arm; <b>withdrawn, 20.50 m² of the work area</b>: depth (strokes 3 to 9)"),
        ("depth,", f"arm; <b>{less}</b>: depth (strokes 3 to 9); <b>good</b>"),
        ("hammers", "missing 17; <b>withdrawn, 1.00 m² of the work area</b>: depth (strokes 3 to 9); <b>counted</b>"),
        ("calibration", "<b>good</b>"),
    ]
    assert made[0][3] == "x"
    assert made[1][3] == "leader (station 4)"


@pytest.mark.parametrize(
    ("firm", "unclosed", "shaken", "words"),
    [
        (0, (), None, "are provisional until it is good"),
        (10**6, ((1, 4),), None, "Provisional for good"),
        (0, ((1, 10**6),), None, "Provisional for good"),
        (10**6, (), (1, 5), "Hammer count after a large detonation"),
    ],
)
def test_ground_that_no_later_check_confirms_is_said_to_stay_provisional(
    firm: int, unclosed: tuple[tuple[int, int], ...], shaken: tuple[int, int] | None, words: str
) -> None:
    found = facts()
    ledger = msgspec.structs.replace(found.ledger, firm=firm, unclosed=unclosed, shaken=shaken)
    told = told_due(report_page(msgspec.structs.replace(found, ledger=ledger), b""))
    assert words in told
    assert told.count("m² of the record") == 1


def test_an_imported_document_and_the_area_of_each_import_stand_in_the_report() -> None:
    page = report_page(facts(follow_ups=(SEARCHED,), releases=(RELEASED,)), b"")
    data = {row[1]: row[2] for row in rows(page, "Annex: mine-action minimum data")}
    assert data["Benchmark and perimeter of released areas, by kind"] == (
        f"imported: {RELEASED.number} ({RELEASED.category.value}); in this report and in the exports"
    )
    (search,), (paper,) = rows(page, "Follow-up by others, release"), rows(page, "Documents of the authority")
    assert number(search[6]) > 0.0
    assert number(paper[5]) > 0.0


def test_slices_are_never_called_a_witness_board(page: str) -> None:
    assert page.count("witness board") == 1
    assert "not a witness board" in page
    assert "Slice at reading D1" in page


def told_due(page: str) -> str:
    return page[page.index("Checks due") : page.index("Hammers by position")]


def test_what_is_due_is_said() -> None:
    bare = told_due(report_page(msgspec.structs.replace(facts(), acts=()), b""))
    assert bare.count("none is on record that was good") == 3
    done = told_due(report_page(facts(), b""))
    assert "Depth reading" not in done
    assert "Opening check" not in done
    assert "Hammer count</b>: none is on record that was good" in done
    again = told_due(report_page(msgspec.structs.replace(facts(), due=frozenset((Knowledge.DEPTH,))), b""))
    assert "Depth reading</b>: the newest good one no longer holds" in again


def good(kind: Knowledge) -> Confirm:
    return Confirm(kind=kind.value, by="x", until_number=1)


READ = (observed("depth_check", 0.17), good(Knowledge.DEPTH))
COUNTED = (observed("hammer_count", 40.0), good(Knowledge.HAMMERS))
ON_BASE = (observed("benchmark_check", 0.004), good(Knowledge.BASE))
SESSION = None
BY_ITSELF = Revoke(reason="depth and tool height 0.10 m apart", by="the vehicle", since_number=1, until_number=2)
BEGUN = (SESSION, *ON_BASE, *READ, *COUNTED)


@pytest.mark.parametrize(
    ("records", "due"),
    [
        (BEGUN, ()),
        ((*BEGUN, HeldBack(first_number=5)), ("depth",)),
        ((*BEGUN, HeldBack(first_number=5), *READ), ()),
        ((*BEGUN, BY_ITSELF), ("depth",)),
        ((*BEGUN, SESSION), ("base", "depth", "hammers")),
        ((*BEGUN, SESSION, *READ), ("base", "hammers")),
        ((*BEGUN, observed("benchmark_check", 0.4)), ("base",)),
        ((*BEGUN, observed("depth_check", 0.05)), ("depth",)),
        ((*BEGUN, observed("detonation_class", 2.0)), ("hammers",)),
        ((*BEGUN, observed("detonation_class", 2.0), *COUNTED), ()),
        ((SESSION, Confirm(kind="base", by="", until_number=0, closing=False)), ("base", "depth", "hammers")),
    ],
)
def test_a_check_is_due_unless_a_good_one_stands_after_what_made_it_due(
    records: tuple[object, ...], due: tuple[str, ...]
) -> None:
    assert due_after(records) == set(due)


def test_mode_changes_are_in_the_annex_alone(page: str) -> None:
    assert page.index("Annex: changes of mode") > page.index("Signatures")
    assert "-&gt; STOPPING" not in page[: page.index("Annex: changes of mode")].replace(
        "<td>AUTO_WORK -&gt; STOPPING</td>", ""
    )


def test_a_task_file_is_printed_and_not_stated_stays_where_a_person_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text(TASK)
    page = report_page(facts().of_task(load_task(tmp_path / "task.toml").task), b"")
    stated = dict(rows(page, "Task as people stated it"))
    assert stated["task order"] == "TO-7"
    assert stated["operator, name"] == "Operator A"
    values = {row[1]: row[2] for row in rows(page, "Annex: mine-action minimum data")}
    assert values["Implementing organisation"] == "An Organisation"
    assert "No conformity is claimed" in page


def test_visits_and_nonconformities_are_listed() -> None:
    fault = Nonconformity(number="NC-1", severity="minor", text="a <b> reading", measures="made", due=date(2026, 5, 5))
    visit = Visit(
        date=date(2026, 5, 4), by="QO", inspected="team", activity="processing", result="good", nonconformity=(fault,)
    )
    page = report_page(facts(visits=(visit,)), b"")
    assert rows(page, "Nonconformities") == [
        ["NC-1", "minor", "a &lt;b&gt; reading", "made", "2026-05-05", "<b>open</b>"]
    ]
    assert "No visit was stated" in report_page(facts(), b"")


def test_a_completion_report_is_signed_by_more_people() -> None:
    page = report_page(facts(kind=ReportKind.COMPLETION), b"")
    assert "Completion report" in page
    assert "national authority" in page[page.index("Signatures") :]


def test_the_published_envelope_is_that_of_the_safety_page(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs/SAFETY.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \| [\d.]+ m2 \| ([^|]+) \|$", text, re.MULTILINE)
    assert tuple((error.strip(), size.strip(), by.strip()) for error, size, by in lines) == envelope.ENVELOPE
    assert [row[0] for row in rows(page, "Published envelope")] == [row[0] for row in envelope.ENVELOPE]


def test_what_is_public_holds_no_coordinate_and_no_name_of_a_person() -> None:
    job = facts(operator="Operator Seven", organisation="An Organisation", task_id="T-7")
    told = public_values(job)
    words = " ".join(told.values())
    assert "Operator Seven" not in words
    assert job.site.name not in words
    assert not re.search(r"\d{1,3}\.\d{5,}", words)
    assert not re.search(r"46\.9|39\.9", words)
    assert told["classification"] == "public"
    assert job_values(job)["classification"] == "confidential"
