"""What a count of hammers will cost, asked of the vehicle and said before the count is sent."""

from typing import Final

from console.client.link import ConsoleLink, TransferError
from firmware_bridge.types import Observation
from vehicle.contracts.hammers import Hammers, meaning, named_tracks
from vehicle.operator_link.machine_file import MACHINE, hammers_of

UNTOLD: Final = "the vehicle does not say how many hammers its machine has: a smaller count takes credit away"


async def hammers_told(link: ConsoleLink) -> Hammers | None:
    """Return the hammers of this vehicle's machine; None if it does not tell them."""
    try:
        return hammers_of(await link.fetch(MACHINE))
    except (TransferError, ValueError):
        return None


def cost_of(hammers: Hammers | None, count: Observation) -> str:
    """Return what the record makes of a count; "" where no hammer is missing."""
    if hammers is None:
        return UNTOLD
    return meaning(hammers, int(count.value), named_tracks(count.text))
