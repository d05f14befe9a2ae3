"""Hands a plan to the vehicle: only at rest, only from the console in control, and both sides compare its hash."""

from pathlib import Path
from typing import Any, Final

import msgspec

from console.client.link import ConsoleLink
from console.server.planning.names import STAGED
from console.server.planning.processes import Worker
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.operator_link.staging import STAGE

NO_LINK: Final = "No link to the vehicle: the plan was not handed over"
NOT_MINE: Final = "Another console or none controls the vehicle: take it first"
NOT_AT_REST: Final = "The vehicle is {mode}: a plan is taken only while it is DISARMED"
NO_STORE: Final = "This vehicle takes no plans from a console"


async def hand_over(folder: Path, reader: Worker, link: ConsoleLink | None, *, mine: bool) -> dict[str, Any]:
    """Send the plan; return both hashes, the vehicle's as computed by the vehicle.

    Raises:
        InputError: It is not allowed now, there is no plan, or the vehicle refused it.
    """
    if link is None or link.view.vehicle is None:
        raise InputError(NO_LINK)
    if link.view.vehicle.mode != Mode.DISARMED:
        raise InputError(NOT_AT_REST.format(mode=Mode(link.view.vehicle.mode).name))
    if not mine:
        raise InputError(NOT_MINE)
    store = getattr(link, "store", None)
    if store is None:
        raise InputError(NO_STORE)
    here = msgspec.json.decode(await reader.ask("stage", {"folder": str(folder)}), type=str)
    try:
        there = str(await store(STAGE, (folder / STAGED).read_bytes()))
    except TimeoutError:
        raise InputError(
            "The vehicle did not answer: it is unknown whether it has the plan; look at its hash"
        ) from None
    except (OSError, ValueError) as refusal:
        raise InputError(f"The vehicle refused the plan: {refusal}") from None
    return {"hash_here": here, "hash_vehicle": there, "same": here == there}
