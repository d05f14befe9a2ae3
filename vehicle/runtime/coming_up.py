"""Starting while a port or network address is still missing: the program reports it, waits, and the loop ticks.

At boot a cable, a network address or another program may come a minute late. Meanwhile the vehicle is up and disarmed.
Only an error that waiting cannot cure ends the program.
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
"""Seconds to retry after "permission denied": a device node appears before the system assigns its group."""

T = TypeVar("T")


def may_come(refusal: BaseException | None) -> float:
    """Return how long [s] to keep trying a port that failed with this error; 0 if waiting cannot help."""
    if isinstance(refusal, TimeoutError):
        return float("inf")
    # an unresolved host name has error numbers of another kind
    code = refusal.errno if isinstance(refusal, OSError) else None
    if type(refusal).__name__ == "gaierror" or code in PORT_MAY_COME:
        return float("inf")
    return RIGHTS_S if code in RIGHTS else 0.0


class Waiting:
    """Since when the program has been waiting for a port or an address, and whether its first attempt has failed."""

    def __init__(self) -> None:
        self.since_ns = -1
        self.first = asyncio.Event()

    @property
    def on(self) -> bool:
        """Whether the program is waiting."""
        return self.first.is_set()

    def begin(self, now_ns: int) -> None:
        """Note that an attempt failed."""
        if not self.on:
            self.since_ns = now_ns
            self.first.set()


async def until_there(
    attempt: Callable[[], Awaitable[T]], clock: Clock, say: Callable[[str], None], waiting: Waiting | None = None
) -> T:
    """Call `attempt` until it succeeds; report at once and every 10 s what the program waits for.

    Raises:
        InputError: Waiting cannot help, or the time limit for this error is over.
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
    """A byte port that may disappear and come back: `firmware_bridge.stream_port`, or the simulator's port."""

    @property
    def connected(self) -> bool:
        """Whether the device is there now."""
        ...

    @property
    def fault(self) -> str:
        """Why the device is not connected; "" if it is."""
        ...

    def read(self) -> bytes:
        """Return all that has arrived."""
        ...

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Return all that has arrived, with the host clock [ns] of each arrival."""
        ...

    def write(self, frame: bytes) -> None:
        """Write one whole frame without waiting."""
        ...

    def close(self) -> None:
        """Close the device."""
        ...


class LatePort:
    """The controller's byte port, usable from the start: until the real port is attached it reads as silence."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._port: Device | None = None
        self._closed = False

    def attach(self, port: Device) -> None:
        """Use this port from now on."""
        self._port = port
        if self._closed:
            port.close()

    @property
    def connected(self) -> bool:
        """Whether the device is there now."""
        return self._port is not None and self._port.connected

    @property
    def fault(self) -> str:
        """Why the device is not connected; "" if it is."""
        return self._port.fault if self._port is not None else ""

    def read(self) -> bytes:
        """Return all that has arrived."""
        return self._port.read() if self._port is not None else b""

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Return all that has arrived, with the host clock [ns] of each arrival."""
        return self._port.read_chunks() if self._port is not None else []

    def write(self, frame: bytes) -> None:
        """Write one frame; without a port it is lost, as with an unplugged cable."""
        if self._port is not None:
            self._port.write(frame)

    def close(self) -> None:
        """Close the port."""
        self._closed = True
        if self._port is not None:
            self._port.close()


async def first_tries(*things: tuple[asyncio.Task[None], Waiting]) -> None:
    """Wait until each has succeeded or failed once; errors stay with the owner of the tasks."""
    tried = [asyncio.ensure_future(waiting.first.wait()) for _, waiting in things]
    try:
        for (task, _), once in zip(things, tried, strict=True):
            await asyncio.wait((task, once), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for once in tried:
            once.cancel()


def input_error_of(group: BaseExceptionGroup[BaseException]) -> InputError | None:
    """Return the `InputError` among the errors that ended a task group; None if there is none."""
    found, _ = group.split(InputError)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]  # type: ignore[assignment]
    return found
