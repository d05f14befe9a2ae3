"""Coming up with what is there: what is late is waited for in words, what can never become right ends it."""

import asyncio
import errno
import math
from collections.abc import Callable

import pytest

from firmware_bridge.ports import PortError
from firmware_bridge.stream_port import StreamPort
from tests.runtime.support import JumpingClock
from vehicle.contracts.errors import InputError, NotYetError
from vehicle.contracts.units import NS_PER_S
from vehicle.runtime import app, controller_port
from vehicle.runtime.coming_up import LatePort, Waiting, first_tries, may_come, until_there


class Late:
    """Something that is there from a time on."""

    def __init__(self, clock: JumpingClock, from_s: float, refusal: Callable[[], Exception]) -> None:
        self._clock, self._from_s, self._refusal = clock, from_s, refusal
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self._clock.now_ns() < self._from_s * NS_PER_S:
            raise self._refusal()
        return "there"


def words() -> list[str]:
    return []


def not_yet() -> Exception:
    return NotYetError("cable: no such device", math.inf)


def test_what_comes_a_minute_late_is_taken_and_told_every_ten_seconds() -> None:
    clock, said, waiting = JumpingClock(), words(), Waiting()
    late = Late(clock, 60.0, not_yet)
    assert asyncio.run(until_there(late, clock, said.append, waiting)) == "there"
    assert waiting.on
    assert clock.t_ns == 60 * NS_PER_S
    assert said[0] == "cable: no such device; waiting for it"
    assert said[1:] == [f"cable: no such device; waiting for it for {seconds} s" for seconds in range(10, 60, 10)]


def test_what_is_there_is_taken_without_a_word() -> None:
    clock, said, waiting = JumpingClock(), words(), Waiting()
    assert asyncio.run(until_there(Late(clock, 0.0, not_yet), clock, said.append, waiting)) == "there"
    assert (said, waiting.on) == ([], False)


def test_what_can_never_become_right_ends_it_at_once() -> None:
    clock, said = JumpingClock(), words()
    late = Late(clock, 60.0, lambda: InputError("controller: a GNSS receiver speaks here"))
    with pytest.raises(InputError, match="GNSS"):
        asyncio.run(until_there(late, clock, said.append))
    assert (late.tries, said) == (1, [])


def test_rights_are_given_a_moment_and_no_more() -> None:
    clock, said = JumpingClock(), words()
    late = Late(clock, 60.0, lambda: NotYetError("permission denied", 5.0))
    with pytest.raises(InputError, match="permission denied") as told:
        asyncio.run(until_there(late, clock, said.append))
    assert not isinstance(told.value, NotYetError)
    assert clock.t_ns == 5 * NS_PER_S
    assert asyncio.run(until_there(Late(clock, 7.0, lambda: NotYetError("x", 5.0)), clock, said.append)) == "there"


@pytest.mark.parametrize(
    ("refusal", "patience_s"),
    [
        (FileNotFoundError(errno.ENOENT, "no such file"), math.inf),
        (OSError(errno.EBUSY, "busy"), math.inf),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), math.inf),
        (OSError(errno.EHOSTUNREACH, "no route"), math.inf),
        (TimeoutError(), math.inf),
        (PermissionError(errno.EACCES, "denied"), 5.0),
        (OSError(errno.ENOTTY, "no tty"), 0.0),
        (OSError(errno.EINVAL, "baud"), 0.0),
        (ValueError("write tcp://HOST:PORT"), 0.0),
        (None, 0.0),
    ],
)
def test_what_may_come(refusal: BaseException | None, patience_s: float) -> None:
    assert may_come(refusal) == patience_s


def test_a_port_that_comes_late_is_silent_before_and_itself_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said = JumpingClock(), words()
    port = LatePort("/dev/late")
    assert (port.read(), port.connected, port.fault) == (b"", False, "")
    port.write(b"lost")

    class Wire:
        connected, fault, closed = True, "", False

        def read(self) -> bytes:
            return b"status"

        def close(self) -> None:
            self.closed = True

    wire = Wire()

    async def open_port(*_: object) -> object:
        if clock.now_ns() < 60 * NS_PER_S:
            raise PortError("/dev/late: no such device") from FileNotFoundError(errno.ENOENT, "no such file")
        return wire

    async def silent(*_: object) -> tuple[bytes, bool]:
        return b"", True

    monkeypatch.setattr(controller_port, "open_port", open_port)
    monkeypatch.setattr(controller_port, "listen", silent)

    async def attempt() -> StreamPort:
        return await controller_port.open_controller("/dev/late", 115_200, clock, said.append)

    port.attach(asyncio.run(until_there(attempt, clock, said.append)))
    assert len(said) == 6
    assert (port.read(), port.connected) == (b"status", True)
    port.close()
    assert wire.closed


def test_a_start_goes_on_once_everything_is_there_or_waited_for() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    async def main() -> tuple[bool, bool]:
        never: asyncio.Task[None] = asyncio.create_task(forever())
        there = asyncio.create_task(JumpingClock().sleep_until_ns(0))
        tried = Waiting()
        tried.begin(0)
        await first_tries((never, tried), (there, Waiting()))
        done = never.done(), there.done()
        never.cancel()
        return done

    assert asyncio.run(main()) == (False, True)


def test_several_errors_become_the_one_that_a_user_can_mend() -> None:
    inner = ExceptionGroup("inner", [OSError("x"), InputError("controller: not a serial device")])
    with pytest.raises(InputError, match="not a serial device"), app.plain():
        raise BaseExceptionGroup("outer", [inner, ValueError("y")])
    with pytest.raises(ExceptionGroup), app.plain():
        raise ExceptionGroup("outer", [ValueError("y")])
