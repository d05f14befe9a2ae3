"""A dronekit program as its users write one: `vehicle.armed`, `vehicle.mode`, `vehicle.commands`, channel overrides."""

import sys

from dronekit import CommandInt, Vehicle, VehicleMode, connect
from pymavlink import mavutil
from steps import Hand, serve

PATIENCE_S = 60.0


def upload(vehicle: Vehicle) -> int:
    """Read the vehicle's plan, send it back as it is."""
    commands = vehicle.commands
    commands.download()
    commands.wait_ready()
    held = [commands[number] for number in range(len(commands))]
    commands.clear()
    for item in held:
        commands.add(CommandInt.from_command(item))
    commands.upload(timeout=PATIENCE_S)
    return len(held)


def stop(vehicle: Vehicle) -> None:
    vehicle.mode = VehicleMode("HOLD")
    vehicle.wait_for_mode("HOLD", timeout=PATIENCE_S)


def start(vehicle: Vehicle) -> None:
    vehicle.mode = VehicleMode("AUTO")
    vehicle.wait_for_mode("AUTO", timeout=PATIENCE_S)


def arm(vehicle: Vehicle) -> None:
    """The library's own way: it waits until the heartbeat says so."""
    vehicle.arm(wait=True, timeout=PATIENCE_S)


def main(address: str) -> None:
    vehicle = connect(address, wait_ready=True, timeout=PATIENCE_S, heartbeat_timeout=PATIENCE_S)

    def send(steer_us: int, throttle_us: int, button_us: int) -> None:
        vehicle.channels.overrides = {"1": steer_us, "3": throttle_us, "8": button_us}

    hand = Hand(send)
    serve(
        {
            "connect": lambda: [vehicle.version.major, vehicle.mode.name, mavutil.mavlink.WIRE_PROTOCOL_VERSION],
            "upload": lambda: upload(vehicle),
            "arm": lambda: arm(vehicle),
            "neutral": hand.neutral,
            "button": hand.button,
            "push": hand.push,
            "start": lambda: start(vehicle),
            "stop": lambda: stop(vehicle),
            "disarm": lambda: vehicle.disarm(wait=True, timeout=PATIENCE_S),
        }
    )


main(sys.argv[1])
