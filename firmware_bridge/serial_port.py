"""Opens ports by name: serial devices, all URLs that serialx knows, and plain TCP; says in words why one fails.

`socket://` is opened as plain TCP here, because serialx does not show how many bytes wait to be sent.
"""

import array
import asyncio
import contextlib
import errno
import fcntl
import grp
import socket
import termios
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import serialx

from firmware_bridge.ports import PortError
from firmware_bridge.stream_port import BITS_PER_BYTE, Connect, StreamPort

TCP_BACKLOG_MAX_BYTES = 256
"""If more bytes than this are unsent or unacknowledged, the newest command waits here and not behind them."""
CONNECT_TIMEOUT_S = 2.0


async def open_port(url: str, baud: int, now_ns: Callable[[], int]) -> StreamPort:
    """Return a connected port.

    Args:
        url: "/dev/ttyAMA0", "socket://host:port", "rfc2217://host:port", "tcp://host:port", ...
        baud: Baud rate of a serial line; limits how fast bytes are written.
        now_ns: The host's monotonic clock.

    Raises:
        PortError: One line: what, where, what to do.
    """
    network = urlsplit(url).scheme in {"tcp", "socket"}
    port = StreamPort(
        url,
        _tcp(url) if network else _serial(url, baud),
        now_ns,
        bytes_per_s=None if network else baud / BITS_PER_BYTE,
        backlog_bytes=_network_backlog if network else _tty_backlog,
    )
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await port.open()
    except Exception as refusal:
        port.close()
        raise PortError(explain(url, refusal)) from refusal
    return port


def _serial(url: str, baud: int) -> Connect:
    async def connect(wire: asyncio.Protocol) -> asyncio.Transport:
        try:
            transport, _ = await serialx.create_serial_connection(
                asyncio.get_running_loop(), lambda: wire, url, baudrate=baud, exclusive=True
            )
        except termios.error as refusal:  # no OSError, though it has the same numbers
            raise OSError(*refusal.args) from refusal
        # serialx locks the file, which programs may ignore; the exclusive mode of the terminal refuses them
        with contextlib.suppress(OSError, TypeError, AttributeError):
            fcntl.ioctl(_fileno(transport), termios.TIOCEXCL)
        return transport

    return connect


def _tcp(url: str) -> Connect:
    async def connect(wire: asyncio.Protocol) -> asyncio.Transport:
        place = urlsplit(url)
        if place.hostname is None or place.port is None:
            raise ValueError(f"not an address with host and port; write {place.scheme}://HOST:PORT")
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: wire, place.hostname, place.port)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return transport

    return connect


def _fileno(transport: asyncio.Transport) -> int:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        return int(connection.fileno())
    return int(transport.get_extra_info("serial").fileno())


def _queued_bytes(transport: asyncio.Transport) -> int:
    """Return the bytes in the kernel's send queue; 0 if the system does not tell."""
    count = array.array("i", [0])
    try:
        fcntl.ioctl(_fileno(transport), termios.TIOCOUTQ, count)
    except (OSError, TypeError, AttributeError):
        return 0
    return count[0]


def _tty_backlog(transport: asyncio.Transport) -> int:
    return _queued_bytes(transport)


def _network_backlog(transport: asyncio.Transport) -> int:
    queued = _queued_bytes(transport)
    return queued if queued > TCP_BACKLOG_MAX_BYTES else 0


def explain(url: str, refusal: BaseException) -> str:
    """Return one line for a person: what is wrong with this port, and what to do."""
    code = refusal.errno if isinstance(refusal, OSError) else None
    if code in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        seen = ", ".join(sorted(port.device for port in serialx.list_serial_ports())) or "none"
        return f"{url}: no such device; is the controller powered and plugged in? Serial devices seen: {seen}"
    if code in {errno.EBUSY, errno.EWOULDBLOCK}:
        return f"{url}: in use by another program; stop it first (`fuser -v {url}` names it)"
    if code in {errno.EACCES, errno.EPERM}:
        return f"{url}: permission denied; {_permit(_group_of(url))}"
    if code in {errno.ENOTTY, errno.EINVAL}:
        return f"{url}: not a serial device, or it does not know this baud rate; correct port or baud"
    if code == errno.ECONNREFUSED:
        return f"{url}: nobody listens there; is the controller's network adapter up?"
    if isinstance(refusal, TimeoutError):
        return f"{url}: no answer within {CONNECT_TIMEOUT_S:.0f} s; check address and cable"
    return f"{url}: cannot be opened: {refusal}"


def _permit(group: str) -> str:
    if group == "root":
        return "it belongs to root alone; a udev rule with GROUP=dialout gives it to a group that you can join"
    return f"add your user to the group {group}: sudo usermod -aG {group} $USER, log in anew"


def _group_of(path: str) -> str:
    try:
        return grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError):  # a folder of the path may be closed too; a group may have no name
        return "dialout"
