"""The pictures of README and of the operators' manual are there, whole, and small enough for a page."""

import re
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.console_film import CLIP_BYTES_MAX
from benchmarks.console_pictures import CLIP, CLIP_LEAST, IMAGES, NAMES, PNG_BYTES_MAX, publish
from tests.console.page.browser import SIZES

ROOT = IMAGES.parents[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_the_page_on_a_laptop(name: str) -> None:
    path = IMAGES / f"{name}.png"
    with Image.open(path) as image:
        assert image.size == SIZES["laptop"]
    assert path.stat().st_size < PNG_BYTES_MAX


def test_the_clip_moves_and_is_small() -> None:
    path = IMAGES / CLIP
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) >= CLIP_LEAST
    assert path.stat().st_size <= CLIP_BYTES_MAX


@pytest.mark.parametrize("page", ["README.md", "docs/OPERATOR.md"])
def test_the_pages_show_them(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(shown) >= 3
    for one in shown:
        assert (ROOT / Path(page).parent / one).is_file(), one


def test_pictures_are_replaced_all_or_none(tmp_path: Path) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    for folder in (made, out):
        folder.mkdir()
    picture = Image.new("RGB", (8, 8), "white")
    picture.save(out / "drive.png")
    before = (out / "drive.png").read_bytes()
    Image.new("RGB", (9, 9), "black").save(made / "drive.png")
    picture.save(made / CLIP, save_all=True, append_images=[picture] * 2)
    with pytest.raises(SystemExit, match=r"stop\.png was not taken"):
        publish(made, out, ("drive", "stop"))
    with pytest.raises(SystemExit, match="frames: nothing is replaced"):
        publish(made, out, ("drive", "clip"))
    assert (out / "drive.png").read_bytes() == before
    publish(made, out, ("drive",))
    assert (out / "drive.png").read_bytes() != before
