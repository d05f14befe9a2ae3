"""MAVFTP, the console's end: reads or writes a file over any radio. Pure: payloads and times in and out.

A download asks for the checksum first. Under that checksum the vehicle keeps the same content, so the download
continues after a break, and the whole content is checked at the end. A request without an answer is repeated.
"""

import abc
from typing import Final

from firmware_bridge.mavlink import _dialect as d
from vehicle.operator_link.files import (
    BURST,
    BURST_FRAMES,
    CHECKSUM,
    CHUNK,
    CREATE,
    HEAD,
    OPEN,
    TERMINATE,
    WRITE,
    checksum,
)

AGAIN_NS: Final = 400_000_000
GIVE_UP_NS: Final = 30_000_000_000
"""A transfer fails after this time without any answer; if the link returns earlier, it continues."""
NOT_NOW_NS: Final = 500_000_000
"""Pause before a missing file is requested again: the vehicle may just be replacing it."""
TRIES_MAX: Final = 6
WINDOW: Final = 4
"""Largest number of requested pieces at a time."""


class TransferError(OSError):
    """A file could not be read or written; the text says why."""


class Transfer(abc.ABC):
    """Transfer of one file in one direction.

    `content`: the file after reading. `failed`: the reason. `finished`: over.
    """

    def __init__(self, path: str, session: int) -> None:
        self.path, self._session = path, session & 0xFF
        self.content: bytes | None = None
        self.failed = ""
        self.finished = False
        self._sequence = 0
        self._asked_ns = self._heard_ns = 0
        self._began = False
        self._step = CHECKSUM
        self._wait_until_ns = 0
        self._tries = 0

    def due(self, now_ns: int) -> list[bytes]:
        """Return the payloads to send now."""
        if self.finished:
            return []
        if not self._began:
            self._began, self._heard_ns, self._asked_ns = True, now_ns, now_ns - AGAIN_NS
        if now_ns - self._heard_ns > GIVE_UP_NS:
            self._fail("no answer")
            return []
        if now_ns < self._wait_until_ns or now_ns - self._asked_ns < AGAIN_NS:
            return []
        self._asked_ns = now_ns
        return self._questions()

    def heard(self, payload: bytes, now_ns: int) -> None:
        """Process a payload from the vehicle."""
        if self.finished or len(payload) < HEAD.size:
            return
        _, session, opcode, size, asked, complete, offset = HEAD.unpack_from(payload)
        data = payload[HEAD.size : HEAD.size + size]
        if session != self._session or asked != self._step or opcode not in (ACK, NAK):
            return
        self._heard_ns = now_ns
        if opcode == NAK:
            self._refused(data[0] if data else 0, now_ns)
            return
        self._tries = 0
        self._took(offset, data, bool(complete))

    def give_up(self) -> None:
        """Fail the transfer, because its link has ended."""
        if not self.finished:
            self._fail("the link was ended")

    # --- what differs ------------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def _questions(self) -> list[bytes]: ...

    @abc.abstractmethod
    def _took(self, offset: int, data: bytes, complete: bool) -> None:  # noqa: FBT001 (as it stands in the answer)
        ...

    @abc.abstractmethod
    def _refused(self, error: int, now_ns: int) -> None: ...

    # --- what does not -----------------------------------------------------------------------------------------------
    def _ask(self, opcode: int, *, offset: int = 0, data: bytes = b"", size: int | None = None) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        length = len(data) if size is None else size
        return HEAD.pack(self._sequence, self._session, opcode, length, 0, 0, offset) + data

    def _next(self, step: int) -> None:
        """Make the next request due at once."""
        self._step = step
        self._asked_ns = -AGAIN_NS

    def _later(self, now_ns: int, words: str) -> None:
        self._tries += 1
        if self._tries >= TRIES_MAX:
            self._fail(words)
        self._wait_until_ns = now_ns + NOT_NOW_NS
        self._next(CHECKSUM)

    def _fail(self, words: str) -> None:
        self.failed, self.finished = f"{self.path}: {words}", True


class Download(Transfer):
    """Reads a file of the vehicle."""

    def __init__(self, path: str, session: int) -> None:
        super().__init__(path, session)
        self._sum: int | None = None
        self._size = 0
        self._parts: dict[int, bytes] = {}
        self._whole_to = 0
        """All bytes before this one have arrived."""

    @property
    def received(self) -> int:
        """Number of received bytes."""
        return sum(map(len, self._parts.values()))

    def _questions(self) -> list[bytes]:
        if self._step == CHECKSUM:
            return [self._ask(CHECKSUM, data=self.path.encode())]
        if self._step == OPEN:
            return [self._ask(OPEN, data=f"{self.path}#{self._sum:08x}".encode())]
        return [self._ask(BURST, offset=self._first_missing(), size=CHUNK)]

    def _first_missing(self) -> int:
        while self._whole_to in self._parts:
            self._whole_to += len(self._parts[self._whole_to])
        return self._whole_to

    def _took(self, offset: int, data: bytes, complete: bool) -> None:  # noqa: FBT001
        if self._step == CHECKSUM:
            number = int.from_bytes(data[:4], "little")
            if number != self._sum:
                self._sum, self._parts, self._whole_to = number, {}, 0
            self._next(OPEN)
        elif self._step == OPEN:
            self._size = int.from_bytes(data[:4], "little")
            self._next(BURST)
            self._end()
        else:
            if data and offset % CHUNK == 0:
                self._parts[offset] = data
            if complete or self._first_missing() >= self._size:
                self._next(BURST)
            self._end()

    def _end(self) -> None:
        if self._first_missing() < self._size:
            return
        content = b"".join(self._parts[at] for at in sorted(self._parts))[: self._size]
        if checksum(content) == self._sum:
            self.content, self.finished = content, True
        else:
            self._sum, self._parts, self._whole_to = None, {}, 0
            self._next(CHECKSUM)

    def _refused(self, error: int, now_ns: int) -> None:
        if self._step == BURST and error == d.MAV_FTP_ERR_INVALIDSESSION:
            self._next(OPEN)
        elif self._step == BURST and error == d.MAV_FTP_ERR_EOF:
            self._next(CHECKSUM)
        else:
            self._later(now_ns, "the vehicle has no such file")


class Upload(Transfer):
    """Writes a file to the vehicle."""

    def __init__(self, path: str, session: int, data: bytes) -> None:
        super().__init__(path, session)
        self._data = data
        self._missing = list(range(0, len(data), CHUNK))
        self._next(CREATE)

    def _questions(self) -> list[bytes]:
        if self._step == CREATE:
            return [self._ask(CREATE, data=self.path.encode())]
        if self._step == WRITE:
            window = self._missing[:WINDOW]
            return [self._ask(WRITE, offset=at, data=self._data[at : at + CHUNK]) for at in window]
        if self._step == CHECKSUM:
            return [self._ask(CHECKSUM, data=self.path.encode())]
        return [self._ask(TERMINATE)]

    def _took(self, offset: int, data: bytes, complete: bool) -> None:  # noqa: FBT001
        del complete
        if self._step == CREATE:
            self._next(WRITE if self._missing else CHECKSUM)
        elif self._step == WRITE:
            window = self._missing[:WINDOW]
            if offset in self._missing:
                self._missing.remove(offset)
            if not self._missing:
                self._next(CHECKSUM)
            elif not set(window) & set(self._missing):
                self._next(WRITE)
        elif self._step == CHECKSUM:
            if int.from_bytes(data[:4], "little") == checksum(self._data):
                self._next(TERMINATE)
            else:
                self._begin_anew()
        else:
            self.content, self.finished = self._data, True

    def _begin_anew(self) -> None:
        self._missing = list(range(0, len(self._data), CHUNK))
        self._next(CREATE)

    def _refused(self, error: int, now_ns: int) -> None:
        if self._step == WRITE and error == d.MAV_FTP_ERR_INVALIDSESSION:
            self._begin_anew()
            return
        self._later(now_ns, "the vehicle takes no such file now: only disarmed, and from the console in control")
        self._step = CREATE if self._step == CHECKSUM else self._step


ACK, NAK = d.MAV_FTP_OPCODE_ACK, d.MAV_FTP_OPCODE_NAK
assert WINDOW <= BURST_FRAMES
