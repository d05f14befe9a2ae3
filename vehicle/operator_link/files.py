"""The part of MAVFTP that is offered: files to read, and one file to write. Everything else is refused at once.

Stations ask here before they ask for the parameter list, and wait for an answer, so a quick NAK is part of the
service. A file is read as it was when it was opened, or when its checksum was asked for. `PATH#CHECKSUM` opens that
same content again, so that a long download continues after a break of the radio.
"""

import struct
import zlib
from collections.abc import Callable
from typing import Protocol

from firmware_bridge.mavlink import _dialect as d

HEAD = struct.Struct("<HBBBBBxI")
CHUNK = 239
SESSION_S = 10
OPEN, READ, BURST, TERMINATE = (
    d.MAV_FTP_OPCODE_OPENFILERO,
    d.MAV_FTP_OPCODE_READFILE,
    d.MAV_FTP_OPCODE_BURSTREADFILE,
    d.MAV_FTP_OPCODE_TERMINATESESSION,
)
CREATE, WRITE, CHECKSUM = (
    d.MAV_FTP_OPCODE_CREATEFILE,
    d.MAV_FTP_OPCODE_WRITEFILE,
    d.MAV_FTP_OPCODE_CALCFILECRC,
)
RESET = d.MAV_FTP_OPCODE_RESETSESSION
KNOWN = frozenset(range(int(d.MAV_FTP_OPCODE_NONE), int(BURST) + 1))
BURST_FRAMES = 4
"""Per burst; the station reads on from where it ended."""
KEPT = 4
"""Contents whose checksum was asked for."""


class Stage(Protocol):
    """The one file that stations may write."""

    def begin(self, path: str) -> bool:
        """Whether this path may be written now; what was written before is forgotten."""
        ...

    def write(self, offset: int, data: bytes) -> bool:
        """A piece; the same piece again changes nothing. False where it has no place."""
        ...

    def content(self, path: str) -> bytes | None:
        """What was written so far; None where it is no such path."""
        ...

    def finish(self) -> None:
        """All was written: it is looked at."""
        ...


class NoStage:
    """No file may be written."""

    def begin(self, path: str) -> bool:
        """No."""
        del path
        return False

    def write(self, offset: int, data: bytes) -> bool:
        """No."""
        del offset, data
        return False

    def content(self, path: str) -> bytes | None:
        """Nothing."""
        del path
        return None

    def finish(self) -> None:
        """Nothing."""


def checksum(content: bytes) -> int:
    """As MAVFTP has it: the polynomial of zlib, beginning at zero, not inverted."""
    return zlib.crc32(content, 0xFFFF_FFFF) ^ 0xFFFF_FFFF


class FileService:
    """The session of one peer. `file` gives the content of a path, or None if there is no such file."""

    def __init__(self, file: Callable[[str], bytes | None], stage: Stage | None = None) -> None:
        self._file = file
        self._stage: Stage = stage if stage is not None else NoStage()
        self._content: bytes | None = None
        self._writes = False
        self._session = 0
        self._touched_ns = 0
        self._kept: dict[str, bytes] = {}

    def handle(self, payload: bytes, now_ns: int) -> list[bytes]:
        """Payloads of the answer's frames."""
        if len(payload) < HEAD.size:
            return []
        sequence, session, opcode, size, _, _, offset = HEAD.unpack_from(payload)
        argument = payload[HEAD.size : HEAD.size + min(size, CHUNK)]
        if now_ns - self._touched_ns > SESSION_S * 1_000_000_000:
            self._content = None  # what is being written waits: its end may have been lost on the way
        self._touched_ns = now_ns
        if opcode == OPEN:
            return [self._open(sequence, session, opcode, argument)]
        if opcode == CHECKSUM:
            return [self._summed(sequence, session, opcode, argument)]
        if opcode == CREATE:
            return [self._create(sequence, session, opcode, argument)]
        if opcode == WRITE:
            return [self._write(sequence, session, opcode, offset, argument)]
        if opcode in (TERMINATE, RESET):
            if opcode == TERMINATE and self._writes and session == self._session:
                self._stage.finish()
            self._content, self._writes = None, False
            return [_answer(sequence, session, opcode)]
        if opcode in (READ, BURST):
            return self._read(sequence, session, opcode, offset, size)
        error = d.MAV_FTP_ERR_FILENOTFOUND if opcode == d.MAV_FTP_OPCODE_LISTDIRECTORY else d.MAV_FTP_ERR_FILEPROTECTED
        return [_refusal(sequence, session, opcode, error if opcode in KNOWN else d.MAV_FTP_ERR_UNKNOWNCOMMAND)]

    def _open(self, sequence: int, session: int, opcode: int, argument: bytes) -> bytes:
        # some stations choose the session's number and hear no other
        path = _path(argument)
        content = self._kept.get(path) if "#" in path else self._file(path)
        if content is None:
            return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_FILENOTFOUND)
        self._content, self._session, self._writes = content, session, False
        return _answer(sequence, self._session, opcode, data=len(content).to_bytes(4, "little"))

    def _summed(self, sequence: int, session: int, opcode: int, argument: bytes) -> bytes:
        path = _path(argument)
        content = self._stage.content(path)
        if content is None:
            content = self._file(path)
        if content is None:
            return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_FILENOTFOUND)
        number = checksum(content)
        while len(self._kept) >= KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[f"{path}#{number:08x}"] = content
        return _answer(sequence, session, opcode, data=number.to_bytes(4, "little"))

    def _create(self, sequence: int, session: int, opcode: int, argument: bytes) -> bytes:
        if not self._stage.begin(_path(argument)):
            return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_FILEPROTECTED)
        self._content, self._session, self._writes = None, session, True
        return _answer(sequence, session, opcode)

    def _write(self, sequence: int, session: int, opcode: int, offset: int, data: bytes) -> bytes:
        if not self._writes or session != self._session:
            return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_INVALIDSESSION)
        if not self._stage.write(offset, data):
            return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_FAIL)
        return _answer(sequence, session, opcode, offset)

    def _read(self, sequence: int, session: int, opcode: int, offset: int, size: int) -> list[bytes]:
        content = self._content
        if content is None or session != self._session:
            return [_refusal(sequence, session, opcode, d.MAV_FTP_ERR_INVALIDSESSION)]
        if offset >= len(content):
            return [_refusal(sequence, session, opcode, d.MAV_FTP_ERR_EOF)]
        chunk = min(size or CHUNK, CHUNK)
        if opcode == READ:
            return [_answer(sequence, session, opcode, offset, content[offset : offset + chunk])]
        answers = []
        for number in range(BURST_FRAMES):
            at = offset + number * chunk
            last = number == BURST_FRAMES - 1 or at + chunk >= len(content)
            answers.append(_answer(sequence + number, session, opcode, at, content[at : at + chunk], complete=last))
            if last:
                break
        return answers


def refused_file(payload: bytes) -> bytes:
    """The answer to any question of a station that may have no files; b"" where it is no question."""
    if len(payload) < HEAD.size:
        return b""
    sequence, session, opcode, *_ = HEAD.unpack_from(payload)
    return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_FILEPROTECTED)


def _path(argument: bytes) -> str:
    return argument.split(b"\0", 1)[0].decode("ascii", "replace")


def _answer(
    sequence: int, session: int, opcode: int, offset: int = 0, data: bytes = b"", *, complete: bool = False
) -> bytes:
    head = HEAD.pack((sequence + 1) & 0xFFFF, session, d.MAV_FTP_OPCODE_ACK, len(data), opcode, complete, offset)
    return head + data


def _refusal(sequence: int, session: int, opcode: int, error: int) -> bytes:
    return HEAD.pack((sequence + 1) & 0xFFFF, session, d.MAV_FTP_OPCODE_NAK, 1, opcode, 0, 0) + bytes([error])
