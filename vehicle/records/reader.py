"""Recordings, whole or torn: read as far as they go, never further than can be believed.

A recording that the power ended has no summary, and its last chunk may be cut: what of it can still be unpacked counts.
A chunk whose checksum does not fit is left out, and said.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept

MAGIC: Final = b"\x89MCAP0\r\n"
_RECORD: Final = struct.Struct("<BQ")
_MESSAGE: Final = struct.Struct("<HIQQ")
_CHUNK: Final = struct.Struct("<QQQII")
_CHANNEL, _MESSAGE_OP, _CHUNK_OP, _ATTACHMENT, _METADATA, _FOOTER = 0x04, 0x05, 0x06, 0x09, 0x0C, 0x02
CHUNK_MAX: Final = 1 << 26
"""A chunk that claims to unpack to more is damaged."""


class Newest(msgspec.Struct, frozen=True):
    """The newest message of a topic; `t_ns` as it was logged."""

    t_ns: int
    data: bytes


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds of the topics that were asked for.

    `whole`: it was finished. `read_bytes` of `total_bytes` could be read; `damaged_chunks` between them were left out.
    `end_ns`: the newest message of any topic. `attachments`: name -> content, the newest of each name.
    """

    newest: dict[str, Newest]
    run: dict[str, str]
    whole: bool
    read_bytes: int
    total_bytes: int
    damaged_chunks: int
    end_ns: int | None
    attachments: dict[str, bytes]


class _Scan:
    """What has been seen so far."""

    def __init__(self, topics: frozenset[str]) -> None:
        self.wanted = topics
        self.topics: dict[int, str] = {}
        self.newest: dict[str, Newest] = {}
        self.run: dict[str, str] = {}
        self.attachments: dict[str, bytes] = {}
        self.end_ns: int | None = None
        self.damaged = 0
        self.whole = False

    def take(self, opcode: int, content: bytes) -> None:
        """One record; what is damaged inside it is left out."""
        if opcode == _MESSAGE_OP and len(content) >= _MESSAGE.size:
            channel, _, t_ns, _ = _MESSAGE.unpack_from(content)
            self.end_ns = t_ns if self.end_ns is None else max(t_ns, self.end_ns)
            topic = self.topics.get(channel)
            if topic in self.wanted:
                self.newest[topic] = Newest(t_ns, content[_MESSAGE.size :])
        elif opcode == _CHANNEL:
            channel, _, length = struct.unpack_from("<HHI", content)
            self.topics[channel] = content[8 : 8 + length].decode()
        elif opcode == _ATTACHMENT:
            self._attach(content)
        elif opcode == _METADATA:
            name, place = _text(content, 0)
            if name == "run":
                self.run = dict(_pairs(content, place))
        elif opcode == _FOOTER:
            self.whole = True

    def _attach(self, content: bytes) -> None:
        """Times, name, kind, content and checksum; damaged, it is left out."""
        name, place = _text(content, 16)
        _, place = _text(content, place)
        (length,) = struct.unpack_from("<Q", content, place)
        (crc,) = struct.unpack_from("<I", content, place + 8 + length)
        if crc and zlib.crc32(content[: place + 8 + length]) != crc:
            self.damaged += 1
            return
        self.attachments[name] = content[place + 8 : place + 8 + length]

    def chunk(self, content: bytes, *, torn: bool) -> None:
        """The records of a chunk; of a torn one those that can still be unpacked."""
        _, _, size, crc, length = _CHUNK.unpack_from(content)
        compression, start = content[_CHUNK.size : _CHUNK.size + length], _CHUNK.size + length + 8
        packed = content[start:]
        if size > CHUNK_MAX or compression not in (b"", b"zstd"):
            self.damaged += 1
            return
        try:
            unpacked = zstandard.ZstdDecompressor().decompressobj().decompress(packed) if compression else packed
        except zstandard.ZstdError:
            self.damaged += not torn
            return
        if not torn and crc and zlib.crc32(unpacked) != crc:
            self.damaged += 1
            return
        for opcode, record, whole in _records(unpacked, 0):
            if whole:
                self.take(opcode, record)


def read(path: Path, topics: tuple[str, ...]) -> Recording:
    """The newest message of each topic, and how far the file could be read.

    Raises:
        OSError: It cannot be read.
        InputError: It is no recording, or one of a later format.
    """
    content = path.read_bytes()
    if content[: len(MAGIC)] != MAGIC[: len(content)]:
        raise InputError(f"{path}: no recording (it does not begin as an MCAP file does)")
    scan, place = _Scan(frozenset(topics)), len(MAGIC)
    for opcode, record, whole in _records(content, place):
        try:
            if opcode == _CHUNK_OP:
                scan.chunk(record, torn=not whole)
            elif whole:
                scan.take(opcode, record)
        except (struct.error, UnicodeDecodeError):
            scan.damaged += whole
        if not whole:
            break
        place += _RECORD.size + len(record)
        if scan.whole:
            place = len(content)
            break
    said = scan.run.get("format", "1")
    Kept.RECORDING.check(path, int(said) if said.isdecimal() else said)
    return Recording(
        newest=scan.newest,
        run=scan.run,
        whole=scan.whole and not scan.damaged,
        read_bytes=min(place, len(content)),
        total_bytes=len(content),
        damaged_chunks=scan.damaged,
        end_ns=scan.end_ns,
        attachments=scan.attachments,
    )


def _records(content: bytes, place: int) -> Iterator[tuple[int, bytes, bool]]:
    """(opcode, content, whether all of it is there) one after another."""
    while len(content) - place >= _RECORD.size:
        opcode, length = _RECORD.unpack_from(content, place)
        start = place + _RECORD.size
        yield opcode, content[start : start + length], start + length <= len(content)
        place = start + length


def _text(content: bytes, place: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", content, place)
    return content[place + 4 : place + 4 + length].decode(), place + 4 + length


def _pairs(content: bytes, place: int) -> Iterator[tuple[str, str]]:
    """A map of texts."""
    (length,) = struct.unpack_from("<I", content, place)
    place, end = place + 4, place + 4 + length
    while place < end:
        key, place = _text(content, place)
        value, place = _text(content, place)
        yield key, value
