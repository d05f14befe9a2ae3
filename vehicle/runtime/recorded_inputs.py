"""Builds the inputs of a tick: from controller and sources when live, from the recorded bytes in a replay."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from firmware_bridge.controller_adapter import ControllerAdapter, ControllerBatch
from firmware_bridge.flail_adapter import FlailAdapter, FlailSettings
from firmware_bridge.link import ControllerLink
from firmware_bridge.types import NeighbourFrame, Observation, OperatorFrame
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Inputs
from vehicle.contracts.sockets import SourceBatch
from vehicle.operator_link.loop_frames import NAME as OPERATOR
from vehicle.operator_link.loop_frames import FrameReader
from vehicle.records.recorded_tick import RecordedTick
from vehicle.runtime import plan_source

Decode = Callable[[bytes], SourceBatch]


def inputs_of(controller: ControllerBatch, batches: Sequence[SourceBatch], *, overrun: bool, recording: bool) -> Inputs:
    """Return a tick's inputs: the newest value of each sensor, and all frames of operators in order."""
    gnss, plan = controller.gnss, None
    operator: tuple[OperatorFrame, ...] = ()
    observations: tuple[Observation, ...] = ()
    neighbours: tuple[NeighbourFrame, ...] = ()
    for batch in batches:
        gnss = batch.gnss if batch.gnss is not None else gnss
        plan = batch.plan if batch.plan is not None else plan
        operator += batch.operator
        observations += batch.observations
        neighbours += batch.neighbours
    return Inputs(
        status=controller.status,
        imu=controller.imu,
        gnss=gnss,
        hello=controller.hello,
        operator=operator,
        observations=observations,
        neighbours=neighbours,
        plan=plan,
        bad_frames=controller.bad_frames,
        overrun=overrun,
        recording=recording,
    )


READERS: Final[dict[str, Callable[[], Decode]]] = {
    OPERATOR: lambda: FrameReader().batch,
    plan_source.NAME: lambda: plan_source.batch_of,
}
"""Kind of source -> a decoder that keeps partial frames. The source `gnss:left` has the kind `gnss`."""


def adapter_of(settings: str) -> ControllerAdapter:
    """Rebuild the adapter that a recording names in `controller.json`.

    Raises:
        InputError: This program does not know that adapter.
    """
    try:
        found = msgspec.json.decode(settings, type=FlailSettings)
    except msgspec.DecodeError as error:
        raise InputError(f"controller.json: cannot be read ({error}); copy the recording again") from None
    if found.adapter != FlailSettings().adapter:
        raise InputError(
            f"controller.json: this program knows no adapter {found.adapter!r}; use the one that recorded it"
        )
    return ControllerLink(found.greeting) if found.greeting is not None else FlailAdapter()


class RecordedInputs:
    """Turns the recorded ticks of one program start, taken in order, into their inputs."""

    def __init__(self, adapter: ControllerAdapter | None = None) -> None:
        self.adapter = adapter if adapter is not None else FlailAdapter()
        self._decoders: dict[str, Decode] = {}

    def batch(self, name: str, data: bytes) -> SourceBatch:
        """Decode recorded bytes of a source.

        Raises:
            InputError: A source that this program does not know.
        """
        decode = self._decoders.get(name)
        if decode is None:
            reader = READERS.get(name.partition(":")[0])
            if reader is None:
                raise InputError(f"this program knows no source {name!r}; replay it with the program that recorded it")
            decode = self._decoders[name] = reader()
        return decode(data)

    def of(self, tick: RecordedTick) -> Inputs:
        """Return the inputs of the next tick.

        Raises:
            InputError: A source that this program does not know.
        """
        heard = self.adapter.receive(tick.controller_in, tick.t_ns)
        batches = [self.batch(name, data) for name, data in tick.batches]
        return inputs_of(heard, batches, overrun=tick.overrun, recording=tick.recording)
