"""The program that serves a machine's cameras, with a kernel that the test plays on a pipe."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from benchmarks.ports import free_port
from console.server.video_client import WrongKeyError, video_client
from tests.video.test_v4l2 import FakeKernel, picture
from vehicle.config.drive import load_drive
from vehicle.contracts.errors import InputError
from vehicle.host.clock import SystemClock
from vehicle.operator_link.keystore import KeyStore
from vehicle.runtime.video_program import Keys, serve

PATIENCE_S = 120.0
CLOCK = SystemClock()
VIDEO = """
[video]
port = {port}

[[video.cameras]]
name = "front"
device = "/dev/video7"
width = 1280
view_deg = 90.0
ahead_m = -0.5
"""


class PipedKernel(FakeKernel):
    """A camera whose descriptor becomes readable when there is a picture."""

    def __init__(self) -> None:
        super().__init__(size=(640, 360))
        self.there = True
        self.opened = 0
        self.ends = (-1, -1)

    def open(self, path: str) -> int:
        assert path == "/dev/video7"
        if not self.there:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        self.ends = os.pipe()
        self.queued, self.filled, self.gone = [], [], False
        self.opened += 1
        return self.ends[0]

    def close(self, descriptor: int) -> None:
        assert descriptor == self.ends[0]
        for end in self.ends:
            os.close(end)

    def ioctl(self, descriptor: int, code: int, structure) -> None:
        assert descriptor == self.ends[0]
        super().ioctl(42, code, structure)

    def map(self, descriptor: int, size: int, offset: int) -> bytearray:
        assert descriptor == self.ends[0]
        return super().map(42, size, offset)

    def give(self, data: bytes, **rest) -> None:
        super().give(data, **rest)
        os.write(self.ends[1], b".")

    def _take(self, buffer) -> None:
        super()._take(buffer)
        os.read(self.ends[0], 1)

    def pull(self) -> None:
        self.gone, self.there = True, False
        os.write(self.ends[1], b".")


def config(folder: Path, port: int, video: str = VIDEO) -> Path:
    path = folder / "drive.toml"
    path.write_text(
        'vehicle_id = "filmed"\nmachine = "mematt"\nkeys_file = "keys.json"\n\n[mission]\nrequired_depth_m = 0.15\n\n'
        f'[datum]\nlat_deg = 40.0\nlon_deg = 46.0\n\n[controller]\nport = "none"\n{video.format(port=port)}'
    )
    return path


async def until(true) -> None:
    while not true():
        await CLOCK.sleep_until_ns(CLOCK.now_ns() + 2_000_000)


def test_pictures_go_from_the_device_to_a_console_that_is_known_and_come_back_after_a_pulled_plug(tmp_path: Path):
    port, kernel, said = free_port(), PipedKernel(), []
    path, store = config(tmp_path, port), KeyStore(tmp_path / "keys.json")
    key = store.create("console", 7)
    machine_id = bytes.fromhex(store.load().machine_id)

    def client(secret: str):
        return video_client(("127.0.0.1", port), 7, secret, machine_id, lambda: CLOCK.now_ns() / 1e6)

    async def main():
        task = asyncio.ensure_future(serve(load_drive(path), kernel, CLOCK, said.append))
        await until(lambda: kernel.streaming)
        async with client(key.secret) as console:
            camera = console.cameras[0]
            kernel.give(picture(50), t_us=CLOCK.now_ns() // 1_000)
            first = await console.frame(0)
            kernel.pull()
            await until(lambda: any("no such file" in line for line in said))
            kernel.there = True
            await until(lambda: kernel.opened == 2 and kernel.streaming)
            kernel.give(picture(60), t_us=CLOCK.now_ns() // 1_000)
            second = await console.frame(0)
        with pytest.raises(WrongKeyError):
            async with client(key.secret[::-1]):
                pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return camera, first, second

    async def limited():
        async with asyncio.timeout(PATIENCE_S):
            return await main()

    camera, first, second = asyncio.run(limited())
    assert (camera.name, camera.width, camera.height) == ("front", 640, 360)
    assert camera.fx == pytest.approx(320.0)  # half of what 1280 pixels would have
    assert (camera.tool_width_m, camera.ahead_m) == (1.7, -0.5)
    assert (first.jpeg, second.jpeg) == (picture(50), picture(60))
    assert second.number == first.number + 1
    assert sum("no such file" in line for line in said) == 1  # told once, tried again and again


@pytest.mark.parametrize(("video", "words"), [("", r"\[\[video.cameras\]\]"), ("[video]\ncameras = []\n", "cameras")])
def test_a_configuration_without_cameras_is_refused_in_words(tmp_path: Path, video: str, words: str):
    async def main():
        await serve(load_drive(config(tmp_path, 1, video)), PipedKernel(), CLOCK, print)

    with pytest.raises(InputError, match=words):
        asyncio.run(main())


def test_keys_are_read_anew_where_their_file_changed(tmp_path: Path):
    store = KeyStore(tmp_path / "keys.json")
    keys = Keys(store)
    keys.read()
    assert keys.of(7) == ()
    store.create("console", 7)
    keys.read()
    assert len(keys.of(7)) == 1
    store.revoke("console")
    keys.read()
    assert keys.of(7) == ()
