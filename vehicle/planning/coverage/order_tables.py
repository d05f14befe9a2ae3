"""Tables for the search for a better order: least times between stops, and which stop needs which."""

import numpy as np

from vehicle.planning.coverage.connections import Connections
from vehicle.planning.coverage.route import change_s


def least_times_s(connections: Connections) -> np.ndarray:
    """Return (n, m) straight-line times from n nodes to each node and the end; 0 to the end and from a free start."""
    count = len(connections.stops)
    least_s = np.zeros((count + 1, count + 2), dtype=np.float32)
    entries = np.array([stop.entry for stop in connections.stops])
    for k, stop in enumerate(connections.stops):
        least_s[k + 1, 1:-1] = change_s(np.array([stop.exit]), entries, connections.machine)
    if connections.start is not None:
        least_s[0, 1:-1] = change_s(np.array([connections.start]), entries, connections.machine)
    return least_s


def pairs_of(node: int, needs: int) -> np.ndarray:
    """Return (m, 2) pairs of a node and a node that its connection needs."""
    packed = np.frombuffer(needs.to_bytes(needs.bit_length() // 8 + 1, "little"), np.uint8)
    needed = np.flatnonzero(np.unpackbits(packed, bitorder="little"))
    return np.column_stack([np.full(len(needed), node), needed])


def by_need(pairs: np.ndarray) -> np.ndarray:
    """Return pairs (n, 2) sorted by their second value."""
    return pairs[np.argsort(pairs[:, 1], kind="stable")]
