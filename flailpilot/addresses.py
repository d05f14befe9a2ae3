"""HOST:PORT on the command line."""

from vehicle.contracts.errors import InputError


def host_port(option: str, text: str, example: str) -> tuple[str, int]:
    """Its two parts; `example` is a port of such an address.

    Raises:
        InputError: It is no address.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(f"{option} {text}: write HOST:PORT, such as 192.0.2.10:{example}")
    return host, int(port)
