"""`flailpilot video CONFIG`: serves the cameras of a machine, in a program that cannot drive or delay the vehicle.

Of the vehicle program's files it reads only the keys of the consoles. Like that program it uses the computer's
monotonic clock.
"""

import asyncio
import contextlib
import math
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vehicle.config.drive import DriveFile, load_drive
from vehicle.config.load import shown_path
from vehicle.config.video import CameraConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock, SystemClock
from vehicle.operator_link.keystore import KeyStore, signing_keys
from vehicle.video.camera import Camera
from vehicle.video.service import VideoService
from vehicle.video.v4l2 import CameraError, Capture, Kernel, Linux

KEYS_READ_NS: Final = 5 * NS_PER_S
"""A revoked key stops working within this time."""
REOPEN_NS: Final = NS_PER_S
SILENT_S: Final = 2.0
"""A camera that gives no picture for this time is opened again."""

Say = Callable[[str], None]


class Keys:
    """Keys of the consoles, read again when the file changes."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._held: dict[int, tuple[bytes, ...]] = {}
        self._stat: tuple[int, int] | None = None

    def read(self) -> None:
        """Read the file if it changed; if it cannot be read, the old keys stay."""
        with contextlib.suppress(OSError, InputError):
            held = self._store.path.stat()
            if (held.st_mtime_ns, held.st_size) != self._stat:
                self._held = signing_keys(self._store.load())
                self._stat = (held.st_mtime_ns, held.st_size)

    def of(self, station: int) -> tuple[bytes, ...]:
        """Return the keys of a station, newest first; none for an unknown station."""
        return self._held.get(station, ())


def camera_of(number: int, config: CameraConfig, file: DriveFile) -> Camera:
    """Return the description of a camera for consoles."""
    focal_px, tool = config.focal_px(config.width), file.vehicle.machine.tool
    return Camera(
        id=number,
        name=config.name,
        width=config.width,
        height=config.height,
        fx=focal_px,
        fy=focal_px,
        cx=config.width / 2.0,
        cy=config.height / 2.0,
        ahead_m=config.ahead_m,
        height_m=config.height_m,
        pitch_rad=math.radians(config.pitch_deg),
        backward=config.backward,
        tool_width_m=tool.width_m,
        tool_ahead_m=tool.ahead_m,
    )


def video(path: Path) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        InputError: One line: what is wrong with the configuration, the keys or the address.
    """
    file = load_drive(path)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve(file, Linux(), SystemClock(), _say))


async def serve(file: DriveFile, kernel: Kernel, clock: Clock, say: Say) -> None:
    """Serve every camera that the configuration names, until cancelled.

    Raises:
        InputError: No cameras, no keys, or the address is in use.
    """
    settings, name = file.config.video, file.config.keys_file
    if settings is None:
        raise InputError(f"{shown_path(file.path)}: video: missing; name the cameras in [[video.cameras]] tables")
    if name is None:
        raise InputError(f"{shown_path(file.path)}: keys_file: missing, no console could see a picture; name it")
    store = KeyStore(file.beside(name))
    machine_id, keys = bytes.fromhex(store.load().machine_id or "00" * 8), Keys(store)
    keys.read()
    cameras = tuple(camera_of(number, camera, file) for number, camera in enumerate(settings.cameras))
    service = VideoService(machine_id, keys.of, cameras, lambda: clock.now_ns() // 1_000)
    task, host = asyncio.current_task(), file.config.operator.host
    assert task is not None
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(service.listening(host, settings.port))
        except OSError as refusal:
            words = (refusal.strerror or str(refusal)).lower()
            raise InputError(f"video TCP {host}:{settings.port}: {words}") from None
        say(f"{len(cameras)} cameras on TCP {host}:{settings.port}")
        async with asyncio.TaskGroup() as group:
            group.create_task(_read_keys(keys, clock))
            for number, camera in enumerate(settings.cameras):
                capture = Capture(camera.device, camera.width, camera.height, camera.fps, kernel)
                group.create_task(film(number, capture, service, clock, say))


async def film(number: int, capture: Capture, service: VideoService, clock: Clock, say: Say) -> None:
    """Feed one camera's pictures into the service; a camera that is unplugged or stalls is opened again."""
    told = ""
    while True:
        try:
            capture.start()
            service.resized(number, capture.width, capture.height)
            say(f"camera {capture.path}: {capture.width} x {capture.height}")
            told = ""
            await _stream(number, capture, service, clock)
        except CameraError as refusal:
            if str(refusal) != told:
                told = str(refusal)
                say(f"camera {told}; trying again")
        finally:
            capture.stop()
        await clock.sleep_until_ns(clock.now_ns() + REOPEN_NS)


async def _stream(number: int, capture: Capture, service: VideoService, clock: Clock) -> None:
    """Pass on pictures. Raises CameraError if the camera is gone or gives none for `SILENT_S`."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(capture.descriptor, ready.set)
    try:
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    await ready.wait()
            except TimeoutError:
                raise CameraError(f"{capture.path}: gave no picture for {SILENT_S:g} s") from None
            ready.clear()
            shot = capture.read()
            if shot is not None:
                # without the driver's time stamp the arrival time counts: the picture is older than that by the
                # driver's delay
                taken_us = shot.capture_us if shot.capture_us is not None else clock.now_ns() // 1_000
                service.publish(number, taken_us, shot.jpeg)
    finally:
        loop.remove_reader(capture.descriptor)


async def _read_keys(keys: Keys, clock: Clock) -> None:
    while True:
        await clock.sleep_until_ns(clock.now_ns() + KEYS_READ_NS)
        keys.read()


def _say(line: str) -> None:
    sys.stderr.write(f"flailpilot: {line}\n")
    sys.stderr.flush()
