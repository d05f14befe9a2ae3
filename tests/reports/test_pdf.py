"""The PDF: same bytes, every row of a long table, the letters of three languages, nothing from elsewhere."""

import ctypes.util
import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from tests import needs
from tests.control.ledger.jobs import Shapes
from tests.reports.test_papers import facts
from vehicle.contracts.errors import InputError
from vehicle.reports import pdf
from vehicle.reports.html_parts import table
from vehicle.reports.report import report_page
from vehicle.reports.report_style import STYLE

pytestmark = [pytest.mark.long, pytest.mark.draws]

LETTERS = {
    "Azerbaijani": "Əməliyyat sahəsi: Ağdərə, işçi qüvvə, ğ Ğ ı İ ö Ö ş Ş ç Ç ə Ə x q",  # noqa: RUF001 - its own letters
    "Turkish": "Mayın temizleme aracı, Iğdır, şantiye, öğle, ÜĞİŞÇÖ",  # noqa: RUF001 - its own letters
    "Ukrainian": "Звіт про оброблення ґрунту: Ізюм, їжак, єдність, Ґ ґ Є є І і Ї ї",  # noqa: RUF001 - its own letters
}


@pytest.fixture(autouse=True)
def _pango() -> None:
    """WeasyPrint writes text with a library that Python does not bring."""
    if ctypes.util.find_library("pangoft2-1.0") is None:
        pytest.skip(f"{needs.REASON}libpangoft2-1.0-0")


def paper(body: str) -> str:
    head = f"<head><meta charset='utf-8'><style>{STYLE}</style></head>"
    return f"<!doctype html><html lang='en'>{head}<body>{body}</body></html>"


def words(tmp_path: Path, content: bytes, *options: str) -> str:
    (tmp_path / "x.pdf").write_bytes(content)
    done = subprocess.run(
        [needs.program("pdftotext"), *options, str(tmp_path / "x.pdf"), "-"], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_same_page_gives_the_same_bytes() -> None:
    page = report_page(facts(), b"")
    first = pdf.pdf_of(page)
    assert first.startswith(b"%PDF-")
    assert pdf.pdf_of(page) == first
    assert b"/CreationDate" not in first


def test_two_hundred_rows_stand_on_the_paper_each_in_its_place(tmp_path: Path) -> None:
    rows = [
        [f"row{n:03d}", f"{n}.5", "a text that takes more than one line of a narrow column " * (1 + n % 3)]
        for n in range(200)
    ]
    found = words(tmp_path, pdf.pdf_of(paper(table("Long", ["name", "value [m²]", "text"], rows))), "-bbox")
    places: list[tuple[int, float]] = []
    for number, sheet in enumerate(found.split("<page ")[1:]):
        (height,) = map(float, re.findall(r'^width="[\d.]+" height="([\d.]+)"', sheet))
        for top, bottom, word in re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">(row\d{3})<', sheet):
            assert word == f"row{len(places):03d}"
            assert 0.0 < float(top) < float(bottom) < height
            places.append((number, float(top)))
    assert len(places) == 200
    assert places == sorted(set(places))


@pytest.mark.parametrize("language", LETTERS)
def test_letters_come_out_as_they_went_in(language: str, tmp_path: Path) -> None:
    text = LETTERS[language]
    assert pdf.unknown_letters(text) == ""
    assert text in words(tmp_path, pdf.pdf_of(paper(f"<p class='whole'>{text}</p>")))


def test_a_letter_that_the_font_has_not_is_named() -> None:
    assert pdf.unknown_letters("Bericht 地雷") == "地雷"


def test_the_report_as_a_pdf_has_all_its_parts_and_names_itself_on_every_sheet(tmp_path: Path) -> None:
    found = words(tmp_path, pdf.pdf_of(report_page(facts(simulated=True, task_id="T-7"), b"")), "-layout")
    sheets = found.split("\f")[:-1]
    for number, sheet in enumerate(sheets, start=1):
        assert f"page {number} of {len(sheets)}" in sheet
        assert "CONFIDENTIAL" in sheet
        assert "not for feet" in sheet
        assert "T-7, SIMULATED" in sheet
    for title in ("Balance", "Stops", "Checks made", "Lots for sampling", "Signatures", "Annex: changes of mode"):
        assert title in found


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    body = f"<img src='{(tmp_path / 'secret.png').as_uri()}'><img src='http://127.0.0.1:9/x.png'>"
    assert pdf.pdf_of(paper(body)).startswith(b"%PDF-")
    assert "secret.png" in caplog.text  # refused, and said
    assert "127.0.0.1" in caplog.text


def test_without_weasyprint_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(InputError, match=r"install flailpilot\[papers\]"):
        pdf.check_installed()


def test_a_missing_font_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "FACES", (("Missing.ttf", "normal", "normal"),))
    with pytest.raises(InputError, match=r"Missing\.ttf: is missing"):
        pdf.pdf_of(paper("<p>x</p>"))


def test_a_word_without_a_break_loses_nothing_at_the_edge_of_the_paper(tmp_path: Path) -> None:
    order, site = "TO-" + "9" * 197, "Yuxarı" + "Şimal" * 39  # noqa: RUF001 - Azerbaijani
    job = facts(task_id=order)
    job = msgspec.structs.replace(job, organisation=f"{order} {order}", remarks=(order,))
    assert isinstance(job.site, Shapes)
    job = msgspec.structs.replace(job, site=msgspec.structs.replace(job.site, name=site))
    found = words(tmp_path, pdf.pdf_of(report_page(job, b"")), "-bbox")
    pages = re.split(r"<page ", found)[1:]
    for page in pages:
        width = re.match(r'width="([\d.]+)"', page)
        assert width is not None
        edges = [float(edge) for edge in re.findall(r'xMax="([\d.]+)"', page)]
        assert max(edges) <= float(width[1])
    assert found.count("9") >= 4 * 197  # in the remarks, as task and twice as organisation
