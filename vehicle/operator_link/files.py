"""MAVFTP, as far as it is offered: reading `@PARAM/param.pck`; everything else is refused at once and well-formed.

Stations ask here before they ask for the parameter list, and wait for an answer: a quick NAK is part of the service.
"""

import struct
from collections.abc import Callable

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
RESET = d.MAV_FTP_OPCODE_RESETSESSION
KNOWN = frozenset(range(int(d.MAV_FTP_OPCODE_NONE), int(BURST) + 1))
BURST_FRAMES = 4
"""Per burst; the station reads on from where it ended."""


class FileService:
    """One peer's session. `file` gives a path's content, or None where there is no such file."""

    def __init__(self, file: Callable[[str], bytes | None]) -> None:
        self._file = file
        self._content: bytes | None = None
        self._session = 0
        self._touched_ns = 0

    def handle(self, payload: bytes, now_ns: int) -> list[bytes]:
        """Payloads of the answer's frames."""
        if len(payload) < HEAD.size:
            return []
        sequence, session, opcode, size, _, _, offset = HEAD.unpack_from(payload)
        argument = payload[HEAD.size : HEAD.size + min(size, CHUNK)]
        if self._content is not None and now_ns - self._touched_ns > SESSION_S * 1_000_000_000:
            self._content = None
        self._touched_ns = now_ns
        if opcode == OPEN:
            return [self._open(sequence, session, opcode, argument)]
        if opcode in (TERMINATE, RESET):
            self._content = None
            return [_answer(sequence, session, opcode)]
        if opcode in (READ, BURST):
            return self._read(sequence, session, opcode, offset, size)
        error = d.MAV_FTP_ERR_FILENOTFOUND if opcode == d.MAV_FTP_OPCODE_LISTDIRECTORY else d.MAV_FTP_ERR_FILEPROTECTED
        return [_refusal(sequence, session, opcode, error if opcode in KNOWN else d.MAV_FTP_ERR_UNKNOWNCOMMAND)]

    def _open(self, sequence: int, session: int, opcode: int, argument: bytes) -> bytes:
        # some stations choose the session's number and hear no other
        content = self._file(_path(argument))
        if content is None:
            return _refusal(sequence, session, opcode, d.MAV_FTP_ERR_FILENOTFOUND)
        self._content, self._session = content, session
        return _answer(sequence, self._session, opcode, data=len(content).to_bytes(4, "little"))

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


def _path(argument: bytes) -> str:
    return argument.split(b"\0", 1)[0].decode("ascii", "replace")


def _answer(
    sequence: int, session: int, opcode: int, offset: int = 0, data: bytes = b"", *, complete: bool = False
) -> bytes:
    head = HEAD.pack((sequence + 1) & 0xFFFF, session, d.MAV_FTP_OPCODE_ACK, len(data), opcode, complete, offset)
    return head + data


def _refusal(sequence: int, session: int, opcode: int, error: int) -> bytes:
    return HEAD.pack((sequence + 1) & 0xFFFF, session, d.MAV_FTP_OPCODE_NAK, 1, opcode, 0, 0) + bytes([error])
