"""UTC in exported files: as text, and as seconds since 1970, because some programs read zoned times as local."""

from datetime import timedelta

from vehicle.host.utc import EPOCH


def utc_text(moment_us: int | None) -> str:
    """Return `2026-05-04T08:00:00Z` from microseconds since 1970; "" if unknown."""
    if moment_us is None:
        return ""
    return (EPOCH + timedelta(microseconds=moment_us)).isoformat(timespec="seconds").replace("+00:00", "Z")


def epoch_s(moment_us: int | None) -> int | None:
    """Return whole seconds since 1970, the same moment as `utc_text`; None if unknown."""
    return None if moment_us is None else moment_us // 1_000_000
