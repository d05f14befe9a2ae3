"""Coming up with what is there: a port or address that is not there yet is waited for, in words, while the loop ticks.

At boot a cable, a network address or another program may come a minute late. The vehicle is up and disarmed meanwhile;
only what can never become right ends the program.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from vehicle.contracts.errors import InputError, NotYetError
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock

AGAIN_S = 1.0
TOLD_S = 10.0
ADDRESS_MAY_COME = frozenset({errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.ENETDOWN, errno.ENETUNREACH, errno.ENODEV})
PORT_MAY_COME = frozenset(
    {
        *(errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.EBUSY, errno.EWOULDBLOCK),
        *(errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN),
        *(errno.EADDRNOTAVAIL, errno.ETIMEDOUT),
    }
)
RIGHTS = frozenset({errno.EACCES, errno.EPERM})
RIGHTS_S = 5.0
"""A device node appears before the system has given it to its group."""

T = TypeVar("T")


def may_come(refusal: BaseException | None) -> float:
    """How long [s] it is worth to try a port again that was refused so: 0 where it can never become right."""
    if isinstance(refusal, TimeoutError):
        return float("inf")
    # a host whose name nobody knows yet carries no number of its own kind
    code = refusal.errno if isinstance(refusal, OSError) else None
    if type(refusal).__name__ == "gaierror" or code in PORT_MAY_COME:
        return float("inf")
    return RIGHTS_S if code in RIGHTS else 0.0


class Waiting:
    """Since when something is waited for, and whether it was tried once in vain."""

    def __init__(self) -> None:
        self.since_ns = -1
        self.first = asyncio.Event()

    @property
    def on(self) -> bool:
        """It is waited for."""
        return self.first.is_set()

    def begin(self, now_ns: int) -> None:
        """It was not there."""
        if not self.on:
            self.since_ns = now_ns
            self.first.set()


async def until_there(
    attempt: Callable[[], Awaitable[T]], clock: Clock, say: Callable[[str], None], waiting: Waiting | None = None
) -> T:
    """Try until it succeeds; a line at once and every 10 s says what is waited for.

    Raises:
        InputError: it can never become right, or did not within the time that it was given.
    """
    found = waiting if waiting is not None else Waiting()
    told_ns = -1
    while True:
        try:
            return await attempt()
        except NotYetError as refusal:
            now_ns = clock.now_ns()
            found.begin(now_ns)
            waited_s = (now_ns - found.since_ns) / NS_PER_S
            if waited_s >= refusal.patience_s:
                raise InputError(str(refusal)) from None
            if told_ns < 0 or now_ns - told_ns >= TOLD_S * NS_PER_S:
                told_ns = now_ns
                say(f"{refusal}; waiting for it{f' for {waited_s:.0f} s' if waited_s >= 1.0 else ''}")
            await clock.sleep_until_ns(now_ns + round(AGAIN_S * NS_PER_S))


class Device(Protocol):
    """A byte port that may come and go: `firmware_bridge.stream_port`, or the simulator's line."""

    @property
    def connected(self) -> bool:
        """Whether the device is there now."""
        ...

    @property
    def fault(self) -> str:
        """Why it is not."""
        ...

    def read(self) -> bytes:
        """All that has arrived."""
        ...

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """The same with the host clock [ns] of each arrival."""
        ...

    def write(self, frame: bytes) -> None:
        """Hand over one whole frame without waiting."""
        ...

    def close(self) -> None:
        """Give it up."""
        ...


class LatePort:
    """The controller's byte port from the start on, though it may be opened later: until then silence."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._port: Device | None = None
        self._closed = False

    def attach(self, port: Device) -> None:
        """Now it is there."""
        self._port = port
        if self._closed:
            port.close()

    @property
    def connected(self) -> bool:
        """Whether the device is there now."""
        return self._port is not None and self._port.connected

    @property
    def fault(self) -> str:
        """Why it is not."""
        return self._port.fault if self._port is not None else ""

    def read(self) -> bytes:
        """All that has arrived."""
        return self._port.read() if self._port is not None else b""

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """The same with the host clock [ns] of each arrival."""
        return self._port.read_chunks() if self._port is not None else []

    def write(self, frame: bytes) -> None:
        """A frame before there is a port is lost, as in a cable that is not plugged in."""
        if self._port is not None:
            self._port.write(frame)

    def close(self) -> None:
        """Give it up."""
        self._closed = True
        if self._port is not None:
            self._port.close()


async def first_tries(*things: tuple[asyncio.Task[None], Waiting]) -> None:
    """Until each is there or was tried once; errors are left to whoever owns the tasks."""
    tried = [asyncio.ensure_future(waiting.first.wait()) for _, waiting in things]
    try:
        for (task, _), once in zip(things, tried, strict=True):
            await asyncio.wait((task, once), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for once in tried:
            once.cancel()


def input_error_of(group: BaseExceptionGroup[BaseException]) -> InputError | None:
    """What a user has to correct, among whatever ended a group of tasks."""
    found, _ = group.split(InputError)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]  # type: ignore[assignment]
    return found
