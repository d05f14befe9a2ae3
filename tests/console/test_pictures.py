"""The pictures of README and of the operators' manual are there, whole, and small enough for a page."""

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.console_pictures import CLIP, CLIP_BYTES_MAX, CLIP_FRAMES, IMAGES, NAMES
from tests.console.page.browser import SIZES

ROOT = IMAGES.parents[1]
PNG_BYTES_MAX = 400_000


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_the_page_on_a_laptop(name: str) -> None:
    path = IMAGES / f"{name}.png"
    with Image.open(path) as image:
        assert image.size == SIZES["laptop"]
    assert path.stat().st_size < PNG_BYTES_MAX


def test_the_clip_moves_and_is_small() -> None:
    path = IMAGES / CLIP
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) >= CLIP_FRAMES // 2
    assert path.stat().st_size <= CLIP_BYTES_MAX


@pytest.mark.parametrize("page", ["README.md", "docs/OPERATOR.md"])
def test_the_pages_show_them(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(shown) >= 3
    for one in shown:
        assert (ROOT / Path(page).parent / one).is_file(), one
