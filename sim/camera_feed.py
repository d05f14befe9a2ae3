"""The simulator's cameras as a separate process: states come on stdin, pictures go to consoles. It ends with stdin.

    python -m sim.camera_feed SETTINGS.json      prints the port that consoles connect to

A picture is drawn only while somebody waits for one, and always from the newest state; states never wait for pictures.
"""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Final

import msgspec

from sim.camera import CAMERAS, Painter, Scene, Seen
from vehicle.host.clock import SystemClock
from vehicle.video.service import VideoService

HOST: Final = "127.0.0.1"
HEAD_SIZE: Final = 2
PERIOD_TICKS: Final = 4
"""Ticks between two states: 12.5 pictures a second."""


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`keys`: station id -> key in hex. `speed`: simulated seconds per real second."""

    scene: Scene
    machine_id: str
    keys: dict[int, str]
    port: int = 0
    speed: float = 1.0


def packed(seen: Seen) -> bytes:
    """Encode a state for the process."""
    body = msgspec.msgpack.encode(seen)
    return len(body).to_bytes(HEAD_SIZE, "little") + body


class Feed:
    """Draws pictures from states."""

    def __init__(self, settings: FeedSettings, real: SystemClock) -> None:
        self._real, self._speed = real, settings.speed
        self._heard_ns, self._newest = real.now_ns(), None
        self._painter = Painter(settings.scene)
        scene = settings.scene
        shown = tuple(
            msgspec.structs.replace(camera, tool_width_m=scene.tool_width_m, tool_ahead_m=scene.tool_ahead_m)
            for camera in CAMERAS
        )
        keys = {station: (bytes.fromhex(text),) for station, text in settings.keys.items()}
        self.service = VideoService(
            bytes.fromhex(settings.machine_id), lambda station: keys.get(station, ()), shown, self.now_us
        )

    _newest: Seen | None

    def now_us(self) -> int:
        """The vehicle's clock [us], continued from the newest state."""
        if self._newest is None:
            return 0
        return self._newest.t_us + int((self._real.now_ns() - self._heard_ns) * self._speed / 1_000)

    def states(self, seen: list[Seen]) -> None:
        """Take the states that have arrived; only the newest is drawn."""
        for state in seen:
            self._painter.note(state)
        self._newest, self._heard_ns = seen[-1], self._real.now_ns()
        for camera in CAMERAS:
            if self.service.wanted(camera.id):
                self.service.publish(camera.id, seen[-1].t_us, self._painter.jpeg(camera, seen[-1]))


class _States(asyncio.Protocol):
    """Splits stdin into states."""

    def __init__(self, feed: Feed, ended: asyncio.Event) -> None:
        self._feed, self._ended, self._held = feed, ended, b""

    def data_received(self, data: bytes) -> None:
        held, seen = self._held + data, []
        while len(held) >= HEAD_SIZE and len(held) >= (end := HEAD_SIZE + int.from_bytes(held[:HEAD_SIZE], "little")):
            seen.append(msgspec.msgpack.decode(held[HEAD_SIZE:end], type=Seen))
            held = held[end:]
        self._held = held
        if seen:
            self._feed.states(seen)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._ended.set()


async def _run(settings: FeedSettings) -> None:
    feed, ended = Feed(settings, SystemClock()), asyncio.Event()
    async with feed.service.listening(HOST, settings.port) as port:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().connect_read_pipe(lambda: _States(feed, ended), sys.stdin)
        await ended.wait()


def main(path: Path) -> None:
    """Serve pictures until stdin ends."""
    settings = msgspec.json.decode(path.read_bytes(), type=FeedSettings)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(settings))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
