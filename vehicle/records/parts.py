"""Reads an MCAP recording part by part, complete or torn; a part whose checksum is wrong is left out.

After a power cut a recording has no summary and its last chunk may be cut off; the part of the chunk that can still be
unpacked counts.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import msgspec
import zstandard

from vehicle.contracts.errors import InputError

MAGIC: Final = b"\x89MCAP0\r\n"
_RECORD: Final = struct.Struct("<BQ")
_MESSAGE: Final = struct.Struct("<HIQQ")
_CHUNK: Final = struct.Struct("<QQQII")
_FOOTER, _CHANNEL, _MESSAGE_OP, _CHUNK_OP, _ATTACHMENT, _STATISTICS, _METADATA = (
    0x02,
    0x04,
    0x05,
    0x06,
    0x09,
    0x0B,
    0x0C,
)
CHUNK_MAX: Final = 1 << 26
"""Largest size of an unpacked chunk; one that claims more is damaged."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message; `t_ns` is its log time."""

    topic: str
    t_ns: int
    data: bytes


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A file stored inside the recording."""

    name: str
    content: bytes


class Metadata(msgspec.Struct, frozen=True):
    """A map of texts."""

    name: str
    values: dict[str, str]


class Damage(msgspec.Struct, frozen=True, gc=False):
    """Data that was left out because it is damaged; `place`: its first byte in the file."""

    place: int
    what: str


class End(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The last part. `finished`: the writer closed the file. `read_bytes` of `total_bytes` could be read."""

    finished: bool
    read_bytes: int
    total_bytes: int


Part: TypeAlias = Message | Attachment | Metadata | Damage | End


def parts(path: Path) -> Iterator[Part]:
    """Every part of a recording in the order of the file; an `End` is the last one.

    Raises:
        OSError: It cannot be read.
        InputError: The file is no recording.
    """
    with path.open("rb") as stream:
        total = path.stat().st_size
        if stream.read(len(MAGIC)) != MAGIC[:total]:
            raise InputError(
                f"{path}: no recording (it does not begin as an MCAP file does); name the run.mcap of a run"
            )
        yield from _Scan(stream, total).parts()


class _Scan:
    """One pass through a file."""

    def __init__(self, stream: BinaryIO, total: int) -> None:
        self._stream, self._total = stream, total
        self._topics: dict[int, str] = {}
        self._messages = 0
        self._messages_said: int | None = None
        self._damaged = False

    def parts(self) -> Iterator[Part]:
        """Yield the parts after the magic bytes."""
        place, finished = min(len(MAGIC), self._total), False
        while not finished and len(head := self._stream.read(_RECORD.size)) == _RECORD.size:
            opcode, length = _RECORD.unpack(head)
            content = self._stream.read(min(length, self._total - place))
            whole = len(content) == length
            try:
                if opcode == _CHUNK_OP:
                    yield from self._chunk(content, place, torn=not whole)
                elif whole:
                    yield from self._record(opcode, content, place)
            except (struct.error, UnicodeDecodeError):
                if whole:
                    yield self._damage(place, "a record that cannot be read")
            if not whole:
                break
            place += _RECORD.size + length
            finished = opcode == _FOOTER
        yield from self._ended(place, finished=finished)

    def _ended(self, place: int, *, finished: bool) -> Iterator[Part]:
        said = self._messages_said
        if finished and not self._damaged and said is not None and said != self._messages:
            yield self._damage(place, f"{self._messages} of {said} messages")
        if not finished and self._is_closed():
            yield self._damage(place, "a record that is longer than the file")
        yield End(finished=finished, read_bytes=self._total if finished else place, total_bytes=self._total)

    def _damage(self, place: int, what: str) -> Damage:
        self._damaged = True
        return Damage(place, what)

    def _is_closed(self) -> bool:
        """Whether the file ends like one that its writer closed."""
        if self._total < 2 * len(MAGIC):
            return False
        self._stream.seek(self._total - len(MAGIC))
        return self._stream.read() == MAGIC

    def _record(self, opcode: int, content: bytes, place: int) -> Iterator[Part]:
        """Decode a complete record, outside or inside a chunk."""
        if opcode == _MESSAGE_OP:
            channel, _, t_ns, _ = _MESSAGE.unpack_from(content)
            self._messages += 1
            yield Message(self._topics.get(channel, ""), t_ns, content[_MESSAGE.size :])
        elif opcode == _CHANNEL:
            channel, _, length = struct.unpack_from("<HHI", content)
            self._topics[channel] = content[8 : 8 + length].decode()
        elif opcode == _ATTACHMENT:
            yield self._attachment(content, place)
        elif opcode == _METADATA:
            name, at = _text(content, 0)
            yield Metadata(name, dict(_pairs(content, at)))
        elif opcode == _STATISTICS:
            (self._messages_said,) = struct.unpack_from("<Q", content)

    def _chunk(self, content: bytes, place: int, *, torn: bool) -> Iterator[Part]:
        """Yield the records of a chunk; of a torn chunk, those that can still be unpacked."""
        _, _, size, crc, length = _CHUNK.unpack_from(content)
        compression, start = content[_CHUNK.size : _CHUNK.size + length], _CHUNK.size + length + 8
        packed = content[start:]
        if size > CHUNK_MAX or compression not in (b"", b"zstd"):
            yield self._damage(place, "a chunk of no known kind")
            return
        try:
            unpacked = zstandard.ZstdDecompressor().decompressobj().decompress(packed) if compression else packed
        except zstandard.ZstdError:
            if not torn:
                yield self._damage(place, "a chunk that cannot be unpacked")
            return
        if not torn and crc and zlib.crc32(unpacked) != crc:
            yield self._damage(place, "a chunk whose checksum does not fit")
            return
        for opcode, record, whole in _records(unpacked):
            if whole:
                yield from self._record(opcode, record, place)

    def _attachment(self, content: bytes, place: int) -> Part:
        """Decode an attachment: times, name, media type, content and checksum."""
        name, at = _text(content, 16)
        _, at = _text(content, at)
        (length,) = struct.unpack_from("<Q", content, at)
        (crc,) = struct.unpack_from("<I", content, at + 8 + length)
        if crc and zlib.crc32(content[: at + 8 + length]) != crc:
            return self._damage(place, f"{name!r}, whose checksum does not fit")
        return Attachment(name, content[at + 8 : at + 8 + length])


def _records(content: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (opcode, content, whether the record is complete)."""
    place = 0
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
