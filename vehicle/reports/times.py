"""UTC in exported files: as text, and as seconds since 1970, because some programs read zoned times as local."""

from datetime import datetime, timedelta

from vehicle.host.utc import EPOCH


def utc_text(moment_us: int | None) -> str:
    """Return `2026-05-04T08:00:00Z` from microseconds since 1970; "" if unknown."""
    if moment_us is None:
        return ""
    return (EPOCH + timedelta(microseconds=moment_us)).isoformat(timespec="seconds").replace("+00:00", "Z")


def epoch_s(moment_us: int | None) -> int | None:
    """Return whole seconds since 1970, the same moment as `utc_text`; None if unknown."""
    return None if moment_us is None else moment_us // 1_000_000


def epoch_s_of(text: str) -> int | None:
    """Return the whole seconds since 1970 of a time with its zone; None for a day, which is no moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else int((moment - EPOCH).total_seconds())
