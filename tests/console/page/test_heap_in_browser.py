"""What the page keeps of the messages that it hears: nothing but the newest."""

from typing import Any

import pytest

from benchmarks.page_heap import Held, look
from tests.console.page.browser import Page
from tests.console.page.fake_server import FakeServer
from tests.console.page.scenes import SCENES

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.needs("chromium", "chromedriver")]

HEARD = """
const [first, count, scenes, kept, done] = arguments;
let n = first;
const hear = () => {
  for (const end = Math.min(n + 50, first + count); n < end; n += 1) {
    const scene = scenes[Math.floor(n / 40) % scenes.length], wave = Math.sin(n / 7);
    const rough = wave / 100;
    const message = { type: "snapshot", seq: n, ...scene };
    message.vehicle = { ...scene.vehicle, tick: 1000 + 5 * n, session: 1 + Math.floor(n / 900) };
    message.pose = { ...scene.pose, e: 12 + wave, n: 20 + n / 1000, heading_deg: n % 360, speed_mps: wave / 4 };
    message.tool = { ...scene.tool, rotor_rpm: 590 + 10 * wave, depth_m: 0.16 + rough, depth_sigma_m: n % 7 / 1000 };
    message.mission = { ...scene.mission, segment: n % 84, along_m: n % 60, cross_m: wave / 10, processed_m2: n };
    message.due = { attention_s: n % 20, arm_unused_s: n % 15 };
    message.texts = [{ severity: 4, text: `hint ${n}`, t_ms: 100 * n }];
    flail.state._message(JSON.stringify(message));
    flail.paint();
    flail.map.touch();
    if (kept) (window.pile ??= []).push({ n });
  }
  if (n < first + count) setTimeout(hear, 0);
  else requestAnimationFrame(() => done(n));
};
hear();
"""
"""So many messages from the first number on, as the server sends them, each painted; `kept`: the page keeps them."""
WARM, MESSAGES = 1000, 3000
A_MESSAGE, AN_OBJECT = 4, 16
"""Bytes of each message that the page may have more at the end, and of the least object that it could keep of each."""


def heard(page: Page, server: FakeServer, *, kept: bool) -> tuple[Held, Held]:
    """What the page holds after a warm-up of messages, and after three times as many more."""
    server.state = SCENES["manual"]
    page.open(server.url)
    server.quiet = True
    scenes: list[dict[str, Any]] = [
        SCENES[name] for name in ("manual", "mission", "hold", "wait", "disarmed", "warned")
    ]
    number = page.driver.execute_async_script(HEARD, 1, WARM, scenes, kept)
    before = look(page)
    page.driver.execute_async_script(HEARD, number, MESSAGES, scenes, kept)
    return before, look(page)


def test_nothing_is_kept_of_five_minutes_of_messages(browser: Page, server: FakeServer) -> None:
    before, after = heard(browser, server, kept=False)
    assert after.kept - before.kept < A_MESSAGE * MESSAGES, (before, after)
    assert after.listeners - before.listeners < MESSAGES // 100, (before, after)  # a run had three more


def test_a_page_that_kept_its_messages_would_be_seen(browser: Page, server: FakeServer) -> None:
    before, after = heard(browser, server, kept=True)
    assert after.kept - before.kept > AN_OBJECT * MESSAGES, (before, after)
