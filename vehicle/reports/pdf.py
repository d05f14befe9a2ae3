"""The report's page as PDF, by WeasyPrint (the extra `papers`). The same page gives the same bytes.

The font is DejaVu Sans from matplotlib: a report looks the same on every computer, and Azerbaijani, Turkish and
Ukrainian letters are included. Letters that the font lacks are reported.
"""

import functools
import hashlib
import importlib
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

from vehicle.contracts.errors import InputError
from vehicle.reports.report_style import FONT

FACES: Final = (("DejaVuSans.ttf", "normal", "normal"), ("DejaVuSans-Bold.ttf", "bold", "normal"),
                ("DejaVuSans-Oblique.ttf", "normal", "italic"))  # fmt: skip
"""(file, weight, style)."""
NEEDED: Final = "a PDF needs WeasyPrint: install flailpilot[papers] and the library pango"


def pdf_of(page: str) -> bytes:
    """Return a PDF of a complete HTML page.

    Raises:
        InputError: WeasyPrint, its library or the font is not installed.
    """
    weasyprint = _weasyprint()
    faces = "".join(
        "@font-face "
        f"{{ font-family: {FONT}; src: url({_font(name).as_uri()}); font-weight: {weight}; font-style: {style} }}"
        for name, weight, style in FACES
    )
    fonts = weasyprint.text.fonts.FontConfiguration()
    fetcher = importlib.import_module("weasyprint.urls").URLFetcher
    # nothing else is loaded: the page contains its pictures, the style its fonts
    style = weasyprint.CSS(string=faces, font_config=fonts, url_fetcher=fetcher(allowed_protocols={"file"}))
    document = weasyprint.HTML(string=page, url_fetcher=fetcher(allowed_protocols={"data"}, allow_redirects=False))
    identifier = hashlib.sha256(page.encode()).hexdigest()[:32].encode()
    content: bytes = document.write_pdf(stylesheets=[style], font_config=fonts, pdf_identifier=identifier)
    return content


def unknown_letters(page: str) -> str:
    """Return the letters of a page that the font lacks, each once, in order; "" if it has all."""
    known = _letters()
    return "".join(sorted({letter for letter in page if ord(letter) not in known and letter.isprintable()}))


def check_installed() -> None:
    """Check the installation. Raises InputError if no PDF can be made on this computer."""
    _weasyprint()
    _letters()


@functools.cache
def _letters() -> frozenset[int]:
    """Return the code points of the regular font face."""
    return frozenset(FT2Font(str(_font(FACES[0][0]))).get_charmap())


def _font(name: str) -> Path:
    path = Path(mpl.get_data_path()) / "fonts/ttf" / name
    if not path.is_file():
        raise InputError(f"{path}: is missing: a PDF needs this font; install matplotlib anew")
    return path


def _weasyprint() -> Any:
    try:
        found = importlib.import_module("weasyprint")
        importlib.import_module("weasyprint.text.fonts")
    except (ImportError, OSError) as error:
        raise InputError(f"{NEEDED} ({str(error).splitlines()[0]})") from None
    return found
