"""Every text of report and map is in the catalogue; other languages fall back to English, and say so."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from tests.config.test_task import STATED as TASK
from tests.control.ledger import jobs
from tests.reports.test_papers import facts, observed
from tests.reports.test_report import Outline
from vehicle.config.task import load_task
from vehicle.config.task import rows as task_rows
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Knowledge
from vehicle.contracts.messages import MissionPhase
from vehicle.contracts.plan import UntreatableReason
from vehicle.reports import words
from vehicle.reports.facts import JobFacts, RecordedAct, ReportKind
from vehicle.reports.gaps import GapReason
from vehicle.reports.imported import NEEDED, TEAMS, Category, FollowUp, Layer, Release
from vehicle.reports.picture import draw_map
from vehicle.reports.report import report_page
from vehicle.reports.words import ENGLISH, LANGUAGES, REVIEWED, Words, catalogue, placeholders, words_of

pytestmark = pytest.mark.long

EN = catalogue(ENGLISH)
TAG = re.compile(r"<[^>]*>")
OPEN, CLOSE = "\u27e6", "\u27e7"
"""Around every text of a catalogue that is made for the test: what stands outside of them came from elsewhere."""
CONSOLE = Path(__file__).parents[2] / "console/page/text"


def marked_text(text: str) -> str:
    """A text in brackets, but its units and what is filled in: those stand outside."""
    parts = re.split(r"(\{\w+\}|<[^>]*>| \[[^\]]{1,4}\]$)", text)
    whole = [place % 2 == 0 and bool(part.strip()) for place, part in enumerate(parts)]
    return "".join(f"{OPEN}{part}{CLOSE}" if is_text else part for part, is_text in zip(parts, whole, strict=True))


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The English catalogue with every text in brackets."""
    made = Words(ENGLISH, {}, {key: marked_text(text) for key, text in EN.items()})
    monkeypatch.setattr(words, "_loaded", lambda _: made)


def outside_brackets(text: str) -> list[str]:
    """Words of three letters and more that are in no text of the catalogue."""
    bare = re.sub(f"{OPEN}[^{CLOSE}]*{CLOSE}", " ", text)
    return re.findall(r"[^\W\d_]{3,}", bare)


DATA = (
    "north field", "team leader", "control point 1", "missing 17", "arm", "fuze, broken, 5 cm", "hammer lost", "gnss",
    "run.mcap", "<link> & lost", "ab" * 32, "AUTO_WORK -> STOPPING", "c0ffee", "flailpilot 0.1.0", "flail", "test",
    "mechanical ground processing",
)  # fmt: skip
"""What the facts of the test hold: names, texts of people and of the journal."""


def others(site_hash: str) -> dict[str, Any]:
    box = (((46.93, 39.99), (46.9301, 39.99), (46.9301, 39.9901), (46.93, 39.99)),)
    common: dict[str, Any] = {
        "polygons_deg": (box,), "source": "", "source_hash": "", "imported_utc": "", "site_hash": site_hash, "seal": "",
    }  # fmt: skip
    search = FollowUp(layer=Layer.SENSOR, team="dog", who="1", when="2", method="3", result="4", **common)
    paper = Release(
        authority="1", number="2", date="3", person="4", category=Category.CLEARED, document="", document_hash="5",
        **common,
    )  # fmt: skip
    return {"follow_ups": (search,), "releases": (paper,)}


def whole_job() -> JobFacts:
    job = facts(simulated=True, remarks=("1",), warnings=("2",))
    note = RecordedAct(t_s=7.0, act=observed("note", 0.0, "3"))
    return msgspec.structs.replace(job, acts=(*job.acts, note), **others(job.plan.site_hash))


def visible(page: str) -> str:
    outline = Outline()
    outline.feed(page)
    alts = " ".join(re.findall(r"alt='([^']*)'", page))
    return f"{outline.text} {alts}"


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize("kind", ReportKind)
def test_every_text_of_the_report_is_in_the_catalogue(kind: ReportKind) -> None:
    job = msgspec.structs.replace(whole_job(), kind=kind)
    text = visible(report_page(job, b""))
    for value in sorted((*DATA, job.plan.machine.name, job.run, job.plan.plan_hash, job.found.gaps[0].reason.value),
                        key=len, reverse=True):  # fmt: skip
        text = text.replace(value, " ")
    assert OPEN in text
    assert outside_brackets(text) == []


@pytest.mark.usefixtures("bracketed")
@pytest.mark.draws
def test_every_text_of_the_map_is_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    save = Figure.savefig

    def kept(figure: Figure, *args: Any, **more: Any) -> None:
        drawn.extend(text.get_text() for text in figure.findobj(Text))
        save(figure, *args, **more)

    monkeypatch.setattr(Figure, "savefig", kept)
    job = whole_job()
    draw_map(tmp_path / "map.png", job)
    report_page(job, b"")  # its charts
    text = " ".join(drawn)
    for value in (job.plan.machine.name, job.plan.plan_hash, job.site.name, *DATA):
        text = text.replace(value, " ")
    assert "proven depth" in text
    assert outside_brackets(text) == []


def test_every_name_that_a_record_may_hold_has_a_text(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text(TASK)
    task = load_task(tmp_path / "task.toml").task
    fields = {re.sub(r"\.\d+(?=\.)", "", key) for key, _ in task_rows(task)}
    names: dict[str, Iterable[str]] = {
        "gap": GapReason, "gap_name": GapReason, "then.gap": GapReason, "listed": UntreatableReason,
        "then.listed": UntreatableReason, "phase": MissionPhase, "confirmed": Knowledge, "kind": ReportKind,
        "layer": Layer, "category": Category, "team": TEAMS, "role": NEEDED, "task_file": fields,
    }  # fmt: skip
    missing = [f"{prefix}.{name}" for prefix, known in names.items() for name in known if f"{prefix}.{name}" not in EN]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_catalogue_has_no_key_and_no_placeholder_of_its_own(language: str) -> None:
    own = catalogue(language)
    assert {key.removeprefix(REVIEWED) for key in own} <= set(EN)
    assert [key for key, text in own.items() if key in EN and placeholders(text) != placeholders(EN[key])] == []
    units = [key for key, text in own.items() if key in EN and EN[key].endswith("]") != text.endswith("]")]
    assert units == []  # such a column is one of numbers


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_warning_is_translated_only_in_the_consoles_own_words(language: str) -> None:
    """What warns is not put into a language by guess."""
    page = json.loads((CONSOLE / language / "page.json").read_text(encoding="utf-8"))
    theirs = {text for text in page.values() if isinstance(text, str)}
    own = {key: text for key, text in catalogue(language).items() if key.startswith("warn.")}
    assert own
    assert set(own.values()) <= theirs


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_report_in_another_language_says_what_of_it_is_english(language: str) -> None:
    job = msgspec.structs.replace(whole_job(), language=language)
    page = report_page(job, b"")
    own = catalogue(language)
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert f"<html lang='{language}'>" in page
    assert f"<h2>{own['balance.title']}</h2>" in page
    assert f"<span lang='en'>{EN['warn.machine_only']}</span>" in page
    assert f"<h2><span lang='en'>{EN['lots.title']}</span></h2>" in page
    assert f"{len(own)} of {len(EN)} texts are translated, {len(own)} of them reviewed by no named person" in page
    assert "SIMULATED: no machine worked this ground" in page
    assert page.index("SIMULATED") < page.index(own["warn.simulated_short"])


def test_a_reviewed_warning_stands_alone_and_one_that_nobody_reviewed_stands_small_below() -> None:
    english = {"warn.x": "Stand back"}
    small = Words("tr", {"warn.x": "Uzak dur"}, english)
    assert small("warn.x") == "<span lang='en'>Stand back</span> <small class='unreviewed'>Uzak dur</small>"
    assert small.text("warn.x") == "Stand back (Uzak dur)"
    reviewed = Words("tr", {"warn.x": "Uzak dur", f"{REVIEWED}warn.x": "A. Person, operator"}, english)
    assert reviewed("warn.x") == reviewed.text("warn.x") == "Uzak dur"
    assert reviewed.counts() == (1, 1, 0)
    assert Words("tr", {}, english)("warn.x") == "<span lang='en'>Stand back</span>"


def test_there_is_no_report_in_a_language_without_a_catalogue() -> None:
    with pytest.raises(InputError, match="--language de: write en, az, tr or uk"):
        words_of("de")
    with pytest.raises(InputError, match="--language de"):
        report_page(msgspec.structs.replace(jobs.done_job(), language="de"), b"")


def test_the_exports_are_in_english_in_every_language(tmp_path: Path) -> None:
    from vehicle.reports.results import write_exports  # noqa: PLC0415

    for language in (ENGLISH, "uk"):
        (tmp_path / language).mkdir()
        write_exports(tmp_path / language, jobs.open_job(language=language))
    for path in (tmp_path / ENGLISH).iterdir():
        assert path.read_bytes() == (tmp_path / "uk" / path.name).read_bytes(), path.name


def test_numbers_are_read_alike_in_every_language() -> None:
    assert words.grouped(12345.678, 1) == f"12{words.THIN}345.7"
    assert words.area(0.004) == "<0.01"
