"""The animation of README, made of pictures of the console's page."""

from pathlib import Path
from typing import Final

from PIL import Image

from tests.console.page.browser import SIZES

CLIP_WIDTH_PX: Final = 800
CLIP_PERIOD_S: Final = 0.3
CLIP_BYTES_MAX: Final = 1_500_000


def film(frames: list[Image.Image], path: Path) -> str:
    """Write the frames as a small animation, the coarser the longer it is; return what was written."""
    width_px, height_px = SIZES["laptop"]
    size = (CLIP_WIDTH_PX, round(height_px * CLIP_WIDTH_PX / width_px))
    small = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    for quality in (70, 55, 40, 25):
        small[0].save(
            path, save_all=True, append_images=small[1:], duration=int(CLIP_PERIOD_S * 1e3), loop=0,
            quality=quality, method=6,
        )  # fmt: skip
        if path.stat().st_size <= CLIP_BYTES_MAX:
            break
    return f"{path.name}: {len(frames)} frames, {path.stat().st_size // 1000} kB"
