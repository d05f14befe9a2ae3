"""The pictures of README and docs/OPERATOR.md, from a real run of `flailpilot demo`, driven by keys in a real browser.

All or none. `--only drive mission`; `--theme night --out DIR`: to look at; `--speed 0.4`: on a busy computer.
"""

import argparse
import base64
import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from PIL import Image
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By

from benchmarks.console_film import CLIP_BYTES_MAX, CLIP_PERIOD_S, film
from benchmarks.ports import free_port
from tests.console.browser.operator import AUTO, ENABLED, LATCHED, NEXT_STEP, NO_WAIT, STEPS, Operator
from tests.console.page.browser import SIZES, Page, browsing

if TYPE_CHECKING:
    from tests.console.browser.stack import Server, Vehicle

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
SITE: Final = ROOT / "configs" / "sites" / "example.geojson"
NAMES: Final = ("drive", "mission", "stop", "record", "plan", "setup")
RUNS: Final = (("drive", "clip"), ("setup", "plan", "mission", "stop", "record"))
"""By stick it is driven from where the machine stands at first, tool up: each run has a demo of its own."""
CLIP: Final = "driving.webp"
CLIP_FRAMES: Final = 36
CLIP_WHOLE: Final = 27
CLIP_LEAST: Final = 18
"""A film that ended before `CLIP_WHOLE` frames is taken anew, while patience lasts; one below the least always."""
PATIENT: Final = 20
KEYS: Final = (
    (10, "ArrowDown"), (12, "ArrowUp"), (17, "ArrowUp"), (18, "ArrowRight"), (33, "ArrowRight"),
)  # fmt: skip
"""Frame and key that then goes down, or up again. It begins in reverse: nothing drives onto the unprocessed ground."""
MOVES: Final = "return Math.abs(flail.store.value('pose', 'speed_mps') ?? 0) > 0.05"
PHOTO: Final = 16
VIEW: Final = "flail.others.plan.view"
SHOWN: Final = "return flail.picture.age_ms() !== null && flail.picture.age_ms() < 300 && flail.map?.theme !== null"
ANSWERED: Final = "return ['refused', 'no_answer'].includes(flail.store.get('answer')?.result)"
TRIES: Final = 40
ACTS_APART_S: Final = 0.7
NOT_HELD: Final = "return flail.store.get('held_act') === null && !flail.acts.pending"
PARTS_TRIED: Final = 3
GIVEN_UP_S: Final = 1800
PNG_BYTES_MAX: Final = 400_000
WORKED_M2: Final = 12.0
"""So much ground is processed before the mission is photographed; the first swath lies beside the work area."""


class Place(NamedTuple):
    """Where the page is, as `Operator` asks for it."""

    url: str


class Camera:
    """Takes pictures of the page."""

    def __init__(self, page: Page, folder: Path, only: tuple[str, ...]) -> None:
        self._page, self._folder, self._only = page, folder, only

    def wants(self, name: str) -> bool:
        """It was asked for."""
        return name in self._only

    def take(self, name: str) -> None:
        """The page as it is now, as a PNG of few colours."""
        if not self.wants(name):
            return
        self._page.until("return document.fonts.status === 'loaded'")
        path = self._folder / f"{name}.png"
        data = self._page.cdp("Page.captureScreenshot", format="png")["data"]
        image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        say(f"{path.name}: {path.stat().st_size // 1000} kB")

    def image(self) -> Image.Image:
        """The page as it is now, taken fast: each photograph holds up the page's own picture."""
        data = self._page.cdp("Page.captureScreenshot", format="jpeg", quality=95, optimizeForSpeed=True)["data"]
        return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def say(line: str) -> None:
    """One line for people."""
    sys.stdout.write(f"pictures: {line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def demo(speed: float) -> Iterator[str]:
    """A demo of its own, as `make demo` starts it; where its page is."""
    arguments = ("demo", "--no-browser", "--port", str(free_port()), "--speed", f"{speed:g}")
    process = subprocess.Popen(  # noqa: S603 (this very program)
        [sys.executable, "-m", "flailpilot", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    told = iter(process.stdout)
    try:
        url = next((line.split("open ", 1)[1].strip() for line in map(_shown, told) if "open http" in line), None)
        if url is None:
            raise SystemExit("the demo ended before its page was there")
        # what it says later is read too: a full pipe would hold up the simulator
        threading.Thread(target=lambda: [_shown(line) for line in told], daemon=True).start()
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _shown(line: str) -> str:
    """Print a line of the demo; it is returned."""
    say(line.strip())
    return line


class Shown:
    """In place of the vehicle: what the page shows of it."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def look(self) -> dict[str, object]:
        """The page's section."""
        return dict(self._page.js("return flail.store.get('vehicle') ?? {}"))


class Hands(Operator):
    """Hands on the page; of the vehicle they know only what the page shows. `speed`: simulated seconds a second."""

    def __init__(self, page: Page, url: str, speed: float) -> None:
        super().__init__(page, cast("Server", Place(url)), cast("Vehicle", Shown(page)))
        self.speed = speed

    def arm(self) -> None:
        """From wherever it stands to MANUAL, one act after the other in the vehicle's time."""
        taken(self)
        self.page.until(NO_WAIT)
        for _ in range(5 * TRIES):
            mode, act = str(self.page.until(NEXT_STEP, list(STEPS), "MANUAL")).split(":")
            if mode == "MANUAL":
                return
            self.page.tap(STEPS[act])
            time.sleep(ACTS_APART_S / self.speed)  # noqa: TID251 (the vehicle refuses a faster one)
        raise SystemExit("it cannot be armed: the computer is too busy")


def operator(page: Page, url: str, speed: float) -> Operator:
    """Somebody who sits before the page."""
    return Hands(page, url, speed)


def taken(hands: Operator) -> None:
    """Control is this console's: T is held until it is, and again where nobody answered or the hold came to nothing."""
    page, mine = hands.page, "return flail.store.value('vehicle', 'mine') === true"
    for _ in range(TRIES):
        if page.js(mine):
            return
        page.when(lambda: page.js(mine) or page.js(ENABLED, "TAKE"))
        if page.js(mine):
            return
        hands.press("KeyT")
        page.when(lambda: page.js(mine) or page.js(ANSWERED) or page.js(NOT_HELD))
        hands.release("KeyT")
        if page.js(ANSWERED) and not page.js(mine):
            say(f"not taken: {page.js('return JSON.stringify(flail.store.get(`answer`))')}")
            page.js("flail.store.set('answer', null)")
    raise SystemExit("it cannot be taken: the computer is too busy")


def ready(hands: Operator) -> None:
    """Armed, hands off once, picture and map there; begins anew where a busy computer broke the link."""
    for _ in range(12):
        hands.hands_off()
        hands.arm()
        with contextlib.suppress(TimeoutException):
            hands.page.when(lambda: hands.page.js(LATCHED) or hands.mode() != "MANUAL")
            if hands.mode() == "MANUAL":
                return
    raise SystemExit("it cannot be armed: the computer is too busy")


def begun(hands: Operator) -> None:
    """The mission is under way, or goes on; a slow vehicle refuses a START that follows ARM too soon many times."""
    for _ in range(5):
        with contextlib.suppress(AssertionError):
            hands.until_mission(hands.press_start)
            hands.hands_off()
            return say("the mission is under way")
    raise SystemExit(f"no mission: {hands.page.text('body')}")


def work(hands: Operator, camera: Camera) -> None:
    """A mission until some ground is processed; then it is stopped."""
    page = hands.page
    page.js("flail.turn('mission')")
    while not (worked(hands) and page.until(SHOWN) and hands.mode() == "AUTO_WORK"):
        begun(hands)
    camera.take("mission")
    page.tap("Space")
    hands.until_mode("HOLD")
    page.js("flail.turn('drive')")
    page.until(
        "return flail.store.value('tool', 'rotor_rpm') < 5 && flail.now_ms() - flail.stopped.watch.since_ms > 9000"
    )
    page.until(SHOWN)
    camera.take("stop")


def worked(hands: Operator) -> bool:
    """Wait until the mission has processed some ground, with signs of attention; False where it was stopped."""
    page, seen = hands.page, []
    while hands.mode() in AUTO:
        seen = page.js(
            "const read = (s, n) => flail.store.value(s, n);"
            "return [read('due', 'attention_s'), read('mission', 'processed_m2'), read('pose', 'speed_mps')]"
        )
        if seen[0] is not None:
            page.tap("KeyA")
        if (seen[1] or 0.0) > WORKED_M2 and hands.mode() == "AUTO_WORK" and (seen[2] or 0.0) > 0.05:
            return True
        time.sleep(0.2)  # noqa: TID251 (real processes)
    say(f"the mission stopped at {seen[1]} m2: {page.text('#why')}" if seen else "no mission yet")
    return False


def drive(hands: Operator, camera: Camera, folder: Path, speed: float) -> None:
    """Forward and round a corner by keys: one picture while it moves, and the clip; again where the link broke."""
    for tried in range(TRIES):
        ready(hands)
        frames = driven(hands, camera, speed)
        hands.hands_off()
        if len(frames) >= (CLIP_WHOLE if tried < PATIENT else CLIP_LEAST):
            if camera.wants("clip"):
                say(film(frames, folder / CLIP))
            return
    raise SystemExit("the link broke each time: the computer is too busy")


def driven(hands: Operator, camera: Camera, speed: float) -> list[Image.Image]:
    """Frames of one drive, in the vehicle's time; it ends where the machine is stopped."""
    page, frames = hands.page, list[Image.Image]()
    page.js("flail.store.set('answer', null)")  # ARM was accepted: that is not what this shows
    hands.press("KeyF")
    hands.press("ArrowDown", "ArrowDown")
    page.when(lambda: page.js(MOVES) or hands.mode() != "MANUAL")  # the horn sounds first
    for number in range(CLIP_FRAMES):
        began_s = time.monotonic()  # noqa: TID251 (the rate of a film)
        for at, name in KEYS:
            if at == number:
                (hands.release if name in hands.down else hands.press)(name, name)
        frame = camera.image()
        if hands.mode() != "MANUAL":
            say(f"stopped after {len(frames)} frames: {page.text('#why')}")
            break
        frames.append(frame)
        if number == PHOTO:
            camera.take("drive")
        time.sleep(max(0.0, CLIP_PERIOD_S / speed - (time.monotonic() - began_s)))  # noqa: TID251
    return frames


def plan(page: Page, camera: Camera) -> None:
    """The example site imported, planned, walked to its middle."""
    page.js("flail.turn('plan')")
    page.driver.find_element(By.CSS_SELECTOR, "#view-plan input[type=file]").send_keys(str(SITE))
    page.until(f"return Boolean({VIEW}.answer?.site) && {VIEW}.steps.unsaved === 0")
    page.js(f"{VIEW}.shelf.wish({{machine: 'mematt'}}); {VIEW}.shelf.plan()")
    page.until(f"return {VIEW}.shelf.shown !== null || {VIEW}.shelf.planError !== null")
    if refusal := page.js(f"return {VIEW}.shelf.shown === null && {VIEW}.shelf.planError"):
        raise SystemExit(f"no plan: {refusal}")
    page.js(f"{VIEW}.shelf.walk({VIEW}.shelf.shown.segments.at(-1).until_s * 0.4)")
    page.until(f"return {VIEW}.shelf.pose !== null")
    camera.take("plan")


def album(page: Page, camera: Camera, folder: Path, url: str, speed: float) -> None:
    """All pictures of one run."""
    hands = operator(page, url, speed)
    if camera.wants("setup"):
        page.js("flail.turn('setup')")  # while nothing is stopped: a stop takes the room of two panels
        camera.take("setup")
    if camera.wants("plan"):
        again(hands, lambda: plan(page, camera))
    if any(map(camera.wants, ("mission", "stop", "record"))):
        again(hands, lambda: mission_and_stop(hands, camera))
    page.js("flail.turn('drive')")
    if camera.wants("drive") or camera.wants("clip"):
        again(hands, lambda: drive(hands, camera, folder, speed))
    hands.hands_off()


def mission_and_stop(hands: Operator, camera: Camera) -> None:
    """A mission, its stop, and what the record then says."""
    page = hands.page
    work(hands, camera)
    hands.act("RESET", "KeyR")
    hands.until_mode("READY", "DISARMED")
    page.js("flail.turn('record')")
    page.until("return flail.others.record.view.record !== null")
    camera.take("record")


def again(hands: Operator, part: Callable[[], None]) -> None:
    """Do a part; begin it anew, hands off, where a busy computer lets it come to nothing.

    Raises:
        TimeoutException, AssertionError: It comes to nothing each time.
    """
    for left in reversed(range(PARTS_TRIED)):
        try:
            part()
            break
        except (TimeoutException, AssertionError, WebDriverException) as vain:
            if not left:
                raise
            say(f"begun anew: {(str(vain).splitlines() or [type(vain).__name__])[0]}")
            hands.hands_off()


def publish(made: Path, out: Path, wanted: Iterable[str]) -> None:
    """Replace pictures by those made, if all that are wanted are there, whole and small enough; else none.

    Raises:
        SystemExit: One is missing, cut short, or too large.
    """
    names = [CLIP if name == "clip" else f"{name}.png" for name in wanted]
    for name in names:
        path = made / name
        if not path.is_file():
            raise SystemExit(f"{name} was not taken: nothing is replaced")
        most = CLIP_BYTES_MAX if name == CLIP else PNG_BYTES_MAX
        with Image.open(path) as image:
            frames = getattr(image, "n_frames", 1)
            image.load()
        if path.stat().st_size > most or (name == CLIP and frames < CLIP_LEAST):
            raise SystemExit(f"{name}: {path.stat().st_size} bytes, {frames} frames: nothing is replaced")
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.move(made / name, out / name)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--theme", default="day", choices=("day", "sunlight", "night"))
    parser.add_argument("--size", default="laptop", choices=sorted(SIZES))
    parser.add_argument("--only", nargs="+", default=(*NAMES, "clip"), choices=(*NAMES, "clip"))
    parser.add_argument("--speed", type=float, default=1.0)
    asked = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(ending, lambda *_: sys.exit("ended: nothing is replaced"))  # demo and browser end with it
    signal.alarm(GIVEN_UP_S)
    with tempfile.TemporaryDirectory(prefix="flailpilot-pictures-") as name:
        made = Path(name)
        for run in RUNS:
            wanted = tuple(name for name in asked.only if name in run)
            if wanted:
                with demo(asked.speed) as url, browsing() as page:
                    page.size(asked.size)
                    operator(page, url, asked.speed).open(theme=asked.theme)
                    album(page, Camera(page, made, wanted), made, url, asked.speed)
        publish(made, asked.out, asked.only)


if __name__ == "__main__":
    main()
