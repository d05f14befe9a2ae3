"""Bytes between a camera service and a console, over TCP. Little endian; pure.

    service  b"FLV1", nonce 16                                                        at once
    console  HELLO: 1, station id, nonce 16, tag 16                                   proves its key
    service  CAMERAS: 2, length u32, JSON, tag 16                                     proves it too
    console  ASK: 3, camera, u16, number of the frame shown u32, own time [us] i64    one at a time
    service  FRAME: 4, ... (`FRAME`), tag 16, JPEG                                     one newer than the last

A tag is HMAC-SHA-256 by the station's key over both nonces and all before it, cut to 16 bytes. So a frame cannot be
forged, changed, or played back in another connection.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable
from typing import Final

import msgspec

from vehicle.video.camera import Camera

MAGIC: Final = b"FLV1"
NONCE_BYTES: Final = 16
TAG_SIZE: Final = 16
GREETING_SIZE: Final = len(MAGIC) + NONCE_BYTES
MACHINE_SIZE: Final = 8
HELLO: Final = struct.Struct("<BB16s16s")
CAMERAS: Final = struct.Struct("<BI")
ASK: Final = struct.Struct("<BBHIq")
FRAME: Final = struct.Struct("<BBHHHIIqqqq8s")
HELLO_TYPE, CAMERAS_TYPE, ASK_TYPE, FRAME_TYPE = 1, 2, 3, 4
JPEG_MAX: Final = 2_000_000
CAMERAS_MAX: Final = 64_000


class WireError(ValueError):
    """The other side does not speak this protocol, or its tag is wrong; the connection ends."""


class Ask(msgspec.Struct, frozen=True):
    """The console wants a newer frame of a camera than the one on its screen; `asked_us` is its own time."""

    camera: int
    shown: int
    asked_us: int


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a frame. `capture_us`, `heard_us` (the question) and `sent_us` are by the vehicle's clock."""

    camera: int
    width: int
    height: int
    number: int
    size: int
    capture_us: int
    asked_us: int
    heard_us: int
    sent_us: int
    machine_id: bytes


class Seal:
    """Makes and checks the tags of one connection."""

    def __init__(self, key: bytes, service_nonce: bytes, console_nonce: bytes) -> None:
        self._key, self._nonces = key, service_nonce + console_nonce

    def tag(self, *parts: bytes) -> bytes:
        """Over these bytes in this order."""
        digest = hmac.new(self._key, self._nonces, hashlib.sha256)
        for part in parts:
            digest.update(part)
        return digest.digest()[:TAG_SIZE]

    def check(self, tag: bytes, *parts: bytes) -> None:
        """Raise `WireError` where it is another's."""
        if not hmac.compare_digest(tag, self.tag(*parts)):
            raise WireError("wrong tag")


def hello(key: bytes, machine_id: bytes, service_nonce: bytes, station: int, nonce: bytes) -> bytes:
    """What a console proves itself with."""
    tag = Seal(key, service_nonce, nonce).tag(b"hello", machine_id, bytes((station,)))
    return HELLO.pack(HELLO_TYPE, station, nonce, tag)


def hear_hello(
    data: bytes, machine_id: bytes, service_nonce: bytes, keys: Callable[[int], tuple[bytes, ...]]
) -> tuple[int, bytes, Seal]:
    """Station, its key, and the seal of this connection.

    Raises:
        WireError: no hello, an unknown station, or another key.
    """
    kind, station, nonce, tag = HELLO.unpack(data)
    if kind != HELLO_TYPE:
        raise WireError(f"no hello: {kind}")
    for key in keys(station):
        seal = Seal(key, service_nonce, nonce)
        if hmac.compare_digest(tag, seal.tag(b"hello", machine_id, bytes((station,)))):
            return station, key, seal
    raise WireError(f"station {station}: unknown, or another key")


def cameras(found: tuple[Camera, ...], seal: Seal) -> bytes:
    """What there is to be seen."""
    text = msgspec.json.encode(found)
    return CAMERAS.pack(CAMERAS_TYPE, len(text)) + text + seal.tag(b"cameras", text)


def hear_cameras(text: bytes, tag: bytes, seal: Seal) -> tuple[Camera, ...]:
    """The same, read.

    Raises:
        WireError: another's, or not to be read.
    """
    seal.check(tag, b"cameras", text)
    try:
        return msgspec.json.decode(text, type=tuple[Camera, ...])
    except msgspec.MsgspecError as error:
        raise WireError(f"cameras: {error}") from error


def ask(camera: int, shown: int, asked_us: int) -> bytes:
    """One question."""
    return ASK.pack(ASK_TYPE, camera, 0, shown, asked_us)


def hear_ask(data: bytes) -> Ask:
    """The same, read.

    Raises:
        WireError: something else.
    """
    kind, camera, _, shown, asked_us = ASK.unpack(data)
    if kind != ASK_TYPE:
        raise WireError(f"no question: {kind}")
    return Ask(camera, shown, asked_us)


def frame(head: Head, jpeg: bytes, seal: Seal) -> bytes:
    """Head and tag; the JPEG follows as it is."""
    packed = FRAME.pack(
        FRAME_TYPE,
        head.camera,
        head.width,
        head.height,
        0,
        head.number,
        len(jpeg),
        head.capture_us,
        head.asked_us,
        head.heard_us,
        head.sent_us,
        head.machine_id,
    )
    return packed + seal.tag(b"frame", packed, jpeg)


def hear_frame(data: bytes) -> Head:
    """The head; its tag is checked once the JPEG is there, with `Seal.check(tag, b"frame", data, jpeg)`.

    Raises:
        WireError: something else, or larger than any picture.
    """
    kind, camera, width, height, _, number, size, capture, asked, heard, sent, machine_id = FRAME.unpack(data)
    if kind != FRAME_TYPE or size > JPEG_MAX:
        raise WireError(f"no frame: {kind}, {size} bytes")
    return Head(
        camera=camera,
        width=width,
        height=height,
        number=number,
        size=size,
        capture_us=capture,
        asked_us=asked,
        heard_us=heard,
        sent_us=sent,
        machine_id=machine_id,
    )
