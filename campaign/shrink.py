"""Shrinks a failing run to the fewest events that still break the same invariant (delta debugging)."""

from collections.abc import Callable

Fails = Callable[[tuple[int, ...]], bool]


def shrink(numbers: tuple[int, ...], fails: Fails) -> tuple[int, ...]:
    """Return the smallest subset found; it needs each of its events. `fails(numbers)` must be true."""
    if fails(()):
        return ()
    kept, parts = numbers, 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        chunks = [kept[start : start + size] for start in range(0, len(kept), size)]
        smaller = next((rest for rest in _without(kept, chunks) if fails(rest)), None)
        if smaller is not None:
            kept, parts = smaller, max(2, parts - 1)
        elif size == 1:
            break
        else:
            parts = min(len(kept), 2 * parts)
    return kept


def _without(kept: tuple[int, ...], chunks: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [tuple(number for number in kept if number not in chunk) for chunk in chunks]
