"""The parser and the loop, against a kernel that the test plays. No camera was at hand: drivers are untried."""

import ctypes
import errno

import numpy as np
import pytest
import simplejpeg

from vehicle.video import v4l2
from vehicle.video.jpeg import END, STANDARD_TABLES, START, segments, size_of, whole
from vehicle.video.v4l2 import CameraError, Capture


def picture(level: int = 100) -> bytes:
    image = np.full((48, 64, 3), level, np.uint8)
    image[:, ::8] = 255 - level
    return simplejpeg.encode_jpeg(image)


def without_tables(jpeg: bytes) -> bytes:
    kept, last = bytearray(START), 2
    for marker, first, end in segments(jpeg):
        if marker != 0xC4:
            kept += jpeg[first:end]
        last = end
    return bytes(kept) + jpeg[last:]


class FakeKernel:
    """One camera: `give` puts pictures into the buffers that the program has queued, as a driver does."""

    def __init__(self, *, caps: int = v4l2.CAN_CAPTURE | v4l2.CAN_STREAM, mjpeg: bool = True, size=(640, 480)) -> None:
        self.caps, self.mjpeg, self.size = caps, mjpeg, size
        self.memory = [bytearray(100_000) for _ in range(v4l2.BUFFERS)]
        self.queued: list[int] = []
        self.filled: list[tuple[int, int, int, int]] = []
        self.streaming = self.closed = self.gone = False
        self.rate: tuple[int, int] | None = None

    def open(self, path: str) -> int:
        if path == "/dev/none":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return 42

    def close(self, descriptor: int) -> None:
        assert descriptor == 42
        self.closed = True

    def map(self, descriptor: int, size: int, offset: int) -> bytearray:
        assert (descriptor, size) == (42, 100_000)
        return self.memory[offset // 4096]

    def give(self, data: bytes, *, t_us: int = 0, flags: int = v4l2.CLOCK_MONOTONIC) -> None:
        index = self.queued.pop(0)
        self.memory[index][: len(data)] = data
        self.filled.append((index, len(data), t_us, flags))

    def ioctl(self, descriptor: int, code: int, structure) -> None:
        assert descriptor == 42
        if self.gone:
            raise OSError(errno.ENODEV, "No such device")
        {
            v4l2.QUERYCAP: self._query, v4l2.S_FMT: self._format, v4l2.S_PARM: self._parm, v4l2.REQBUFS: self._request,
            v4l2.QUERYBUF: self._buffer, v4l2.QBUF: self._queue, v4l2.DQBUF: self._take,
            v4l2.STREAMON: lambda _: setattr(self, "streaming", True),
            v4l2.STREAMOFF: lambda _: setattr(self, "streaming", False),
        }[code](structure)  # fmt: skip

    def _query(self, can) -> None:
        can.capabilities, can.device_caps = v4l2.HAS_DEVICE_CAPS, self.caps

    def _format(self, wanted) -> None:
        assert wanted.type == 1
        wanted.width, wanted.height = self.size
        if not self.mjpeg:
            wanted.pixelformat = int.from_bytes(b"YUYV", "little")

    def _parm(self, rate) -> None:
        self.rate = rate.numerator, rate.denominator

    def _request(self, request) -> None:
        assert (request.type, request.memory) == (1, 1)
        request.count = min(request.count, len(self.memory))

    def _buffer(self, buffer) -> None:
        buffer.length, buffer.offset = 100_000, 4096 * buffer.index

    def _queue(self, buffer) -> None:
        self.queued.append(buffer.index)

    def _take(self, buffer) -> None:
        assert self.streaming
        if not self.filled:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        buffer.index, buffer.bytesused, t_us, buffer.flags = self.filled.pop(0)
        buffer.seconds, buffer.microseconds = divmod(t_us, 1_000_000)


def started(kernel: FakeKernel) -> Capture:
    capture = Capture("/dev/video0", 1280, 720, 15, kernel)
    capture.start()
    return capture


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="numbers of a 64-bit kernel")
def test_the_numbers_are_those_of_the_kernels_header():
    assert {name: getattr(v4l2, name) for name in ("QUERYCAP", "S_FMT", "REQBUFS", "QUERYBUF", "QBUF", "DQBUF")} == {
        "QUERYCAP": 0x80685600, "S_FMT": 0xC0D05605, "REQBUFS": 0xC0145608, "QUERYBUF": 0xC0585609,
        "QBUF": 0xC058560F, "DQBUF": 0xC0585611,
    }  # fmt: skip
    assert (v4l2.STREAMON, v4l2.STREAMOFF, v4l2.S_PARM) == (0x40045612, 0x40045613, 0xC0CC5616)


def test_pictures_pass_through_with_the_kernels_time_and_every_buffer_goes_back():
    kernel = FakeKernel()
    capture = started(kernel)
    assert (capture.width, capture.height, kernel.rate) == (640, 480, (1, 15))
    for number in range(10):
        jpeg = picture(number * 20)
        kernel.give(jpeg + bytes(100), t_us=5_000_000 + number)
        shot = capture.read()
        assert (shot.capture_us, shot.jpeg) == (5_000_000 + number, jpeg)
    assert sorted(kernel.queued) == [0, 1, 2, 3]
    capture.stop()
    assert not kernel.streaming
    assert kernel.closed


def test_of_those_that_wait_only_the_newest_counts():
    kernel = FakeKernel()
    capture = started(kernel)
    for number in range(3):
        kernel.give(picture(number), t_us=number)
    assert capture.read().capture_us == 2
    assert capture.skipped == 2
    assert capture.read() is None


def test_a_driver_that_says_no_monotonic_time_says_none():
    kernel = FakeKernel()
    capture = started(kernel)
    kernel.give(picture(), t_us=7, flags=0)
    assert capture.read().capture_us is None


@pytest.mark.parametrize("spoilt", [b"", picture()[:200], b"\xff\xd8 nothing", picture()[10:]])
def test_what_is_no_whole_picture_is_counted_and_dropped(spoilt: bytes):
    kernel = FakeKernel()
    capture = started(kernel)
    kernel.give(spoilt)
    assert capture.read() is None
    assert capture.damaged == 1
    kernel.give(picture())
    assert capture.read() is not None


def test_what_the_driver_marks_as_bad_is_dropped():
    kernel = FakeKernel()
    capture = started(kernel)
    kernel.give(picture(), flags=v4l2.BAD_FLAG | v4l2.CLOCK_MONOTONIC)
    assert capture.read() is None
    assert capture.damaged == 1


@pytest.mark.parametrize(
    ("path", "kernel", "words"),
    [
        ("/dev/none", FakeKernel(), "no such file"),
        ("/dev/video0", FakeKernel(caps=v4l2.CAN_STREAM), "no camera"),
        ("/dev/video0", FakeKernel(mjpeg=False), "MJPEG"),
    ],
)
def test_what_is_no_camera_is_refused_in_words_and_closed(path: str, kernel: FakeKernel, words: str):
    with pytest.raises(CameraError, match=words):
        Capture(path, 640, 480, 15, kernel).start()
    assert kernel.closed is (path != "/dev/none")


def test_a_camera_that_is_pulled_is_said():
    kernel = FakeKernel()
    capture = started(kernel)
    kernel.gone = True
    with pytest.raises(CameraError, match="no such device"):
        capture.read()
    capture.stop()
    assert kernel.closed


def test_a_camera_that_is_pulled_while_its_picture_is_taken_ends_no_other(monkeypatch):
    """Only a `CameraError` is waited out; another one had ended the program, and with it every camera."""
    kernel = FakeKernel()
    capture = started(kernel)
    kernel.give(picture())

    def pulled(_buffer) -> None:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(kernel, "_queue", pulled)
    with pytest.raises(CameraError, match="no such device"):
        capture.read()


def test_tables_that_a_camera_leaves_out_are_put_in():
    jpeg = picture()
    bare = without_tables(jpeg)
    assert len(bare) < len(jpeg) - 400
    mended = whole(bare)
    assert mended is not None
    assert [marker for marker, _, _ in segments(mended)].count(0xC4) == 4
    assert (simplejpeg.decode_jpeg(mended) == simplejpeg.decode_jpeg(jpeg)).all()
    assert whole(jpeg) == jpeg
    assert size_of(mended) == (64, 48)
    assert len(STANDARD_TABLES) == 432
    assert mended.endswith(END)
