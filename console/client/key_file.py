"""A console's key file, as `flailpilot keys create --out` writes it on the vehicle."""

from pathlib import Path

import msgspec

from console.client.session import Credentials
from vehicle.contracts.errors import InputError


def credentials(path: Path, told: str, advice: str) -> Credentials:
    """Read the key file; `told` names it in messages, `advice` is added to the message if it is missing.

    Raises:
        InputError: The file is missing, or it is no key file.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except OSError as refusal:
        raise InputError(
            f"{told}: {(refusal.strerror or str(refusal)).lower()}; `flailpilot keys create NAME --system-id N "
            f"--out FILE --store KEYS` makes one on the vehicle, KEYS being its keys_file; {advice}"
        ) from None
    except msgspec.DecodeError as refusal:
        raise InputError(f"{told}: no key file of a console ({refusal})") from None
