"""HOST:PORT on the command line."""

from vehicle.contracts.errors import InputError


def host_port(option: str, text: str, example: str) -> tuple[str, int]:
    """Split HOST:PORT; `example` is a port for the error line.

    Raises:
        InputError: The text is no address.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(f"{option} {text}: write HOST:PORT, such as 192.0.2.10:{example}")
    return host, int(port)
