"""Colours of the page: contrast in every theme by WCAG 2, no green, and the map's colours as the palette has them."""

import colorsys
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CSS = (ROOT / "console" / "page" / "css" / "tokens.css").read_text(encoding="utf-8")
THEMES = ("day", "sunlight", "night")
TEXT_MIN, LINE_MIN = 4.5, 3.0
AAA = 7.0


def tokens(theme: str) -> dict[str, str]:
    """Name to colour."""
    (block,) = re.findall(rf'data-theme="{theme}"\] {{(.*?)}}', CSS, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_the_standard_does() -> None:
    """Black on white, and a pair that was reckoned elsewhere."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#FFFFFF", "#B00020") == pytest.approx(7.3, abs=0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_lines_can_be_read(theme: str) -> None:
    """AA for text, 3 for lines; AAA for text in the sun."""
    found = tokens(theme)
    for ink, ground, least in (
        ("ink", "panel", TEXT_MIN),
        ("ink", "bg", TEXT_MIN),
        ("soft", "panel", TEXT_MIN),
        ("disabled", "panel", TEXT_MIN),
        ("stop-text", "panel", TEXT_MIN),
        ("on-stop", "stop", TEXT_MIN),
        ("on-amber", "amber", TEXT_MIN),
        ("on-blue", "blue", TEXT_MIN),
        ("panel", "soft", TEXT_MIN),
        ("line", "panel", LINE_MIN),
    ):
        strict = AAA if theme == "sunlight" and least == TEXT_MIN else least
        assert contrast(found[ink], found[ground]) >= strict, f"{ink} on {ground} in {theme}"


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_is_green(theme: str) -> None:
    """Green means "normal, safe", which this page may not promise. Greys have no colour."""
    for name, colour in tokens(theme).items():
        hue, _, saturation = colorsys.rgb_to_hls(*(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))
        assert saturation < 0.25 or not 75 / 360 < hue < 170 / 360, name


@pytest.mark.parametrize("theme", THEMES)
def test_the_progress_bar_has_the_maps_colours(theme: str) -> None:
    """One palette: what is blue on the map is as blue in the bar beside it."""
    palette = json.dumps(
        json.loads((ROOT / "vehicle" / "reports" / "palette.json").read_text(encoding="utf-8"))
    ).upper()
    for name, colour in tokens(theme).items():
        if name.startswith("map-"):
            assert colour in palette, f"{name} of {theme}: {colour}"
