"""A MAVSDK program that looks for a vehicle at one connection line and says whether there was one; a process."""

import asyncio
import sys

from mavsdk.asyncio import ComponentType, Configuration, Mavsdk


async def main(url: str) -> None:
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await sdk.add_any_connection(url)
    system = await sdk.first_autopilot(60.0)
    sys.stdout.write("found\n" if system is not None else "none\n")
    sys.stdout.flush()


asyncio.run(main(sys.argv[1]))
