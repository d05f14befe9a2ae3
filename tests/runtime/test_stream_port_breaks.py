"""A device that breaks between two ticks: the write that finds it must not reach the tick as an exception."""

import asyncio
from typing import cast

from firmware_bridge.stream_port import StreamPort
from vehicle.host.clock import SystemClock


class Broken:
    """A transport whose device is gone, and which has not told yet."""

    def get_write_buffer_size(self) -> int:
        raise OSError(5, "device disconnected or in use by another process")

    def abort(self) -> None:
        raise OSError(5, "gone")


def test_a_write_that_finds_the_device_gone_is_a_loss() -> None:
    async def connect(_: asyncio.Protocol) -> asyncio.Transport:
        return cast("asyncio.Transport", Broken())

    async def main() -> None:
        port = StreamPort("wire", connect, SystemClock().now_ns)
        await port.open()
        port.write(b"frame of ten")
        assert not port.connected
        assert "device disconnected" in port.fault
        assert port.read() == b""
        port.close()

    asyncio.run(main())
