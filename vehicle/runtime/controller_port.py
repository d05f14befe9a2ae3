"""The connection to the controller: it is opened, and whoever answers there is asked who it is."""

from collections.abc import Callable

from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import PortError
from firmware_bridge.serial_port import open_port
from firmware_bridge.stranger import ENOUGH_BYTES, describe
from firmware_bridge.stream_port import StreamPort
from vehicle.contracts.errors import InputError, NotYetError
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock
from vehicle.runtime.coming_up import may_come

LISTEN_S = 1.0
"""A controller reports ten times a second without being asked."""
LISTEN_STEP_NS = 10_000_000


async def open_controller(url: str, baud: int, clock: Clock, say: Callable[[str], None]) -> StreamPort:
    """Open the connection to the controller and check that a controller answers there.

    Silence is accepted, because the controller may still be starting; `say` tells people of it.

    Raises:
        NotYetError: The port does not exist yet, is busy, or may not be opened yet.
        InputError: No port at all, or something else talks on it.
    """
    try:
        port = await open_port(url, baud, clock.now_ns)
    except PortError as refusal:
        patience_s = may_come(refusal.__cause__)
        if patience_s > 0.0:
            raise NotYetError(f"controller {refusal}", patience_s) from None
        raise InputError(f"controller {refusal}") from None
    heard, known = await listen(port, clock)
    if known:
        return port
    if len(heard) >= ENOUGH_BYTES:
        port.close()
        raise InputError(f"controller {url}: {describe(heard)}")
    say(f"controller {url}: {describe(heard)} Going on, disarmed, until it answers.")
    return port


async def listen(port: StreamPort, clock: Clock, listen_s: float = LISTEN_S) -> tuple[bytes, bool]:
    """Return the bytes that arrive within `listen_s`, and whether a flail controller's frame was among them."""
    reader = adapters.MessageReader(adapters.HOST_DECODERS)
    heard = b""
    until_ns = clock.now_ns() + round(listen_s * NS_PER_S)
    while (now_ns := clock.now_ns()) < until_ns:
        chunk = port.read()
        heard = (heard + chunk)[-8192:]
        if reader.feed(chunk):
            return heard, True
        await clock.sleep_until_ns(now_ns + LISTEN_STEP_NS)
    return heard, False
