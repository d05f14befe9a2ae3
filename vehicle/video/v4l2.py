"""A camera of Video4Linux that makes MJPEG itself: its pictures unchanged, with the kernel's time of each.

Only the standard library: structures by ctypes, ioctl and mmap. `Kernel` is the part of the operating system; a test
hands in its own.
"""

import contextlib
import ctypes
import fcntl
import mmap
import os
from typing import Final, Protocol

import msgspec

from vehicle.video.jpeg import whole

BUFFERS: Final = 4
CAPTURE, MMAP, FIELD_ANY = 1, 1, 0
CAN_CAPTURE, CAN_STREAM, HAS_DEVICE_CAPS = 0x1, 0x0400_0000, 0x8000_0000
MJPG: Final = int.from_bytes(b"MJPG", "little")
BAD_FLAG: Final = 0x40
CLOCK_MASK, CLOCK_MONOTONIC = 0xE000, 0x2000


class CameraError(OSError):
    """The device is not there, or is no camera that makes MJPEG; the text says which."""


class Capability(ctypes.Structure):
    """struct v4l2_capability."""

    _fields_ = (
        ("driver", ctypes.c_char * 16),
        ("card", ctypes.c_char * 32),
        ("bus_info", ctypes.c_char * 32),
        ("version", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint32),
        ("device_caps", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 3),
    )


class Format(ctypes.Structure):
    """struct v4l2_format with the picture's part of its union; the union is aligned as a pointer is."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("_gap", ctypes.c_uint32 * (1 if ctypes.sizeof(ctypes.c_void_p) == 8 else 0)),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("pixelformat", ctypes.c_uint32),
        ("field", ctypes.c_uint32),
        ("bytesperline", ctypes.c_uint32),
        ("sizeimage", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 176),
    )


class Rate(ctypes.Structure):
    """struct v4l2_streamparm with the part of capture."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("capability", ctypes.c_uint32),
        ("capturemode", ctypes.c_uint32),
        ("numerator", ctypes.c_uint32),
        ("denominator", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 184),
    )


class Request(ctypes.Structure):
    """struct v4l2_requestbuffers."""

    _fields_ = (
        ("count", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    )


class Buffer(ctypes.Structure):
    """struct v4l2_buffer."""

    _fields_ = (
        ("index", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("bytesused", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("field", ctypes.c_uint32),
        ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long),
        ("timecode", ctypes.c_uint32 * 4),
        ("sequence", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("offset", ctypes.c_ulong),
        ("length", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 2),
    )


def _code(direction: int, number: int, size: int) -> int:
    """As the kernel's _IOC makes it, for group V."""
    return direction << 30 | size << 16 | ord("V") << 8 | number


_READ, _WRITE = 2, 1
QUERYCAP: Final = _code(_READ, 0, ctypes.sizeof(Capability))
S_FMT: Final = _code(_READ | _WRITE, 5, ctypes.sizeof(Format))
REQBUFS: Final = _code(_READ | _WRITE, 8, ctypes.sizeof(Request))
QUERYBUF: Final = _code(_READ | _WRITE, 9, ctypes.sizeof(Buffer))
QBUF: Final = _code(_READ | _WRITE, 15, ctypes.sizeof(Buffer))
DQBUF: Final = _code(_READ | _WRITE, 17, ctypes.sizeof(Buffer))
STREAMON: Final = _code(_WRITE, 18, 4)
STREAMOFF: Final = _code(_WRITE, 19, 4)
S_PARM: Final = _code(_READ | _WRITE, 22, ctypes.sizeof(Rate))


class Memory(Protocol):
    """Memory of a buffer that the driver fills."""

    def __getitem__(self, part: slice, /) -> bytes | bytearray:
        """A part of it."""
        ...


class Kernel(Protocol):
    """The calls of the operating system that are used."""

    def open(self, path: str) -> int:
        """A file descriptor that does not block."""
        ...

    def ioctl(self, descriptor: int, code: int, structure: ctypes.Structure | ctypes.c_int) -> None:
        """Changes the structure in place; OSError where it is refused."""
        ...

    def map(self, descriptor: int, size: int, offset: int) -> Memory:
        """The memory of a buffer."""
        ...

    def close(self, descriptor: int) -> None:
        """Give it up."""
        ...


class Linux:
    """The real operating system."""

    def open(self, path: str) -> int:
        """A file descriptor that does not block."""
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def ioctl(self, descriptor: int, code: int, structure: ctypes.Structure | ctypes.c_int) -> None:
        """Changes the structure in place; OSError where it is refused."""
        fcntl.ioctl(descriptor, code, structure)

    def map(self, descriptor: int, size: int, offset: int) -> mmap.mmap:
        """The memory of a buffer."""
        return mmap.mmap(descriptor, size, offset=offset)

    def close(self, descriptor: int) -> None:
        """Give it up."""
        os.close(descriptor)


class Shot(msgspec.Struct, frozen=True):
    """One picture. `capture_us`: the monotonic clock of this computer; None if the driver does not tell it."""

    capture_us: int | None
    jpeg: bytes


class Capture:
    """A camera that streams after `start`. Call `read` once each time that the descriptor is readable.

    Counters: `damaged` pictures; `skipped` ones, older than a picture that had already come.
    """

    def __init__(self, path: str, width: int, height: int, fps: int, kernel: Kernel) -> None:
        self.path, self._wanted, self._fps, self._kernel = path, (width, height), fps, kernel
        self.damaged = self.skipped = 0
        self.width = self.height = 0
        self.descriptor = -1
        self._memory: list[Memory] = []

    def start(self) -> None:
        """Open, agree on MJPEG, stream.

        Raises:
            CameraError: it is not there, or cannot do it.
        """
        try:
            self.descriptor = self._kernel.open(self.path)
            self._agree()
            self._share()
            self._ioctl(STREAMON, ctypes.c_int(CAPTURE))
        except CameraError:
            self.stop()
            raise
        except OSError as refusal:
            self.stop()
            raise CameraError(f"{self.path}: {(refusal.strerror or str(refusal)).lower()}") from refusal

    def stop(self) -> None:
        """End the stream; a second call does nothing."""
        if self.descriptor < 0:
            return
        descriptor, self.descriptor, self._memory = self.descriptor, -1, []
        with contextlib.suppress(OSError):  # it is gone already
            self._kernel.ioctl(descriptor, STREAMOFF, ctypes.c_int(CAPTURE))
        self._kernel.close(descriptor)

    def read(self) -> Shot | None:
        """The newest picture of those that wait; None where none is whole.

        Raises:
            CameraError: the device is gone.
        """
        newest: Shot | None = None
        while True:
            buffer = self._empty()
            try:
                self._ioctl(DQBUF, buffer)
                shot = self._shot(buffer)
                self._ioctl(QBUF, buffer)
            except BlockingIOError:
                return newest
            except OSError as refusal:
                raise CameraError(f"{self.path}: {(refusal.strerror or str(refusal)).lower()}") from refusal
            if shot is None:
                self.damaged += 1
            else:
                self.skipped += newest is not None
                newest = shot

    def _shot(self, buffer: Buffer) -> Shot | None:
        if buffer.flags & BAD_FLAG:
            return None
        jpeg = whole(bytes(self._memory[buffer.index][: buffer.bytesused]))
        if jpeg is None:
            return None
        by_kernel = buffer.flags & CLOCK_MASK == CLOCK_MONOTONIC
        return Shot(buffer.seconds * 1_000_000 + buffer.microseconds if by_kernel else None, jpeg)

    def _agree(self) -> None:
        can = Capability()
        self._ioctl(QUERYCAP, can)
        able = can.device_caps if can.capabilities & HAS_DEVICE_CAPS else can.capabilities
        if not (able & CAN_CAPTURE and able & CAN_STREAM):
            raise CameraError(f"{self.path}: no camera that streams")
        wanted = Format(type=CAPTURE, width=self._wanted[0], height=self._wanted[1], pixelformat=MJPG, field=FIELD_ANY)
        self._ioctl(S_FMT, wanted)
        if wanted.pixelformat != MJPG:
            raise CameraError(f"{self.path}: makes no MJPEG; take a camera that does")
        self.width, self.height = wanted.width, wanted.height
        with contextlib.suppress(OSError):  # its own rate then
            self._ioctl(S_PARM, Rate(type=CAPTURE, numerator=1, denominator=self._fps))

    def _share(self) -> None:
        request = Request(count=BUFFERS, type=CAPTURE, memory=MMAP)
        self._ioctl(REQBUFS, request)
        if request.count < 2:
            raise CameraError(f"{self.path}: gives no memory for pictures")
        for index in range(request.count):
            buffer = self._empty(index)
            self._ioctl(QUERYBUF, buffer)
            self._memory.append(self._kernel.map(self.descriptor, buffer.length, buffer.offset))
            self._ioctl(QBUF, self._empty(index))

    def _empty(self, index: int = 0) -> Buffer:
        return Buffer(index=index, type=CAPTURE, memory=MMAP)

    def _ioctl(self, code: int, structure: ctypes.Structure | ctypes.c_int) -> None:
        self._kernel.ioctl(self.descriptor, code, structure)
