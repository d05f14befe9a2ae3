"""Seeded noise: one named generator for each source, so that a new sensor does not change the numbers of the others."""

import math
import zlib

import numpy as np

BLOCK_ROWS = 2048
"""Rows drawn at a time: one draw takes ten times as long as reading a list."""


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the generator of source `name` in run `seed`; the name enters by its CRC."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


class NormalRows:
    """Rows of independent standard normal numbers, drawn in blocks."""

    __slots__ = ("_draw", "_index", "_rows", "_width")

    def __init__(self, seed: int, name: str, width: int) -> None:
        self._draw = generator(seed, name)
        self._width = width
        self._rows: list[list[float]] = []
        self._index = 0

    def row(self) -> list[float]:
        """Return the next `width` numbers."""
        index = self._index
        if index == len(self._rows):
            self._rows = self._fill()
            index = 0
        self._index = index + 1
        return self._rows[index]

    def _fill(self) -> list[list[float]]:
        rows: list[list[float]] = self._draw.standard_normal((BLOCK_ROWS, self._width)).tolist()
        return rows


class UniformRows(NormalRows):
    """Rows of independent numbers in [0, 1), drawn in blocks."""

    __slots__ = ()

    def _fill(self) -> list[list[float]]:
        rows: list[list[float]] = self._draw.random((BLOCK_ROWS, self._width)).tolist()
        return rows


class GaussMarkov:
    """First-order Gauss-Markov noise: 1-sigma `sigma`, correlation time `tau_s`, exact for any step."""

    __slots__ = ("_decay", "_kick", "value")

    def __init__(self, sigma: float, tau_s: float, step_s: float, first_normal: float) -> None:
        self._decay = math.exp(-step_s / tau_s)
        self._kick = sigma * math.sqrt(1.0 - self._decay * self._decay)
        # It starts within the stationary distribution, so that the first minute of a run is no better than the last.
        self.value = sigma * first_normal

    def step(self, normal: float) -> float:
        """Advance one step with a standard normal number; return the noise."""
        self.value = self._decay * self.value + self._kick * normal
        return self.value
