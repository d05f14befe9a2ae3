"""What the client programs in Python share: a word a line comes in, a JSON line for each goes out."""

import asyncio
import json
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping

NEUTRAL_US, PUSHED_US, HELD_US, RELEASED_US = 1500, 1900, 1900, 1000
Step = Callable[[], object]


def say(step: str, value: object) -> None:
    """Tell the test what came of a step."""
    sys.stdout.write(json.dumps({"step": step, "value": value}) + "\n")
    sys.stdout.flush()


def outcome(step: Step) -> object:
    """What a step returned, or what the library raised."""
    try:
        value = step()
    except Exception as refusal:  # noqa: BLE001 (whatever the client raises is what is looked at)
        return f"{type(refusal).__name__}: {refusal}"
    return "ok" if value is None else value


def serve(steps: dict[str, Step]) -> None:
    """Do what is asked until the input ends."""
    for line in sys.stdin:
        say(line.strip(), outcome(steps[line.strip()]))


async def obey(steps: Mapping[str, Callable[[], Awaitable[object]]], finds: tuple[str, ...]) -> None:
    """As `serve`, for libraries on asyncio; the steps in `finds` tell their value instead of "ok"."""
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        try:
            value = await steps[line]()
            say(line, value if line in finds else "ok")
        except Exception as refusal:  # noqa: BLE001 (whatever the client raises is what is looked at)
            say(line, f"{type(refusal).__name__}: {refusal}")


class Hand:
    """Sticks as a program sends them: 10 times a second, and like a hand never quite still.

    Args:
        send: takes channels 1 (steer), 3 (throttle) and 8 (button) in us.
    """

    def __init__(self, send: Callable[[int, int, int], None]) -> None:
        self._send = send
        self.throttle_us, self.button_us = NEUTRAL_US, RELEASED_US
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        count = 0
        while True:
            count += 1
            self._send(NEUTRAL_US + count % 2, self.throttle_us - count % 2, self.button_us)
            threading.Event().wait(0.1)

    def neutral(self) -> None:
        """Let go of everything."""
        self.throttle_us, self.button_us = NEUTRAL_US, RELEASED_US

    def button(self) -> None:
        """Hold the button."""
        self.button_us = HELD_US

    def push(self) -> None:
        """Push the stick."""
        self.throttle_us = PUSHED_US
