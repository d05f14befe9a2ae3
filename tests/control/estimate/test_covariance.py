"""The written-out covariance against the textbook's matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.contracts.frames import FloatArray
from vehicle.control.estimate import covariance
from vehicle.control.estimate_state import Covariance, Drift

seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int) -> tuple[np.random.Generator, FloatArray]:
    """A generator and a positive definite (6, 6)."""
    draw = np.random.default_rng(seed)
    root = draw.normal(size=(6, 6))
    return draw, root @ root.T + 0.1 * np.eye(6)


def rows(p: FloatArray) -> Covariance:
    upper = np.triu(p) + np.triu(p, 1).T
    return tuple(tuple(row) for row in upper.tolist())


def same(found: Covariance, wanted: FloatArray) -> None:
    assert np.array(found) == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert np.array_equal(np.array(found), np.array(found).T), "symmetric to the last bit"


@given(seeds)
def test_carried_is_f_p_f_transposed_plus_q(seed: int) -> None:
    draw, p = drawn(seed)
    g = draw.normal(size=6)
    drift = Drift(east_m=g[0], north_m=g[1], belt_east_m=g[2], belt_north_m=g[3], side_east_m=g[4], side_north_m=g[5])
    elapsed_s, walk = 0.1, draw.uniform(0.0, 1.0, 6)
    f = np.eye(6)
    f[0, 2:6] = -g[1], 0.0, -g[2], g[4]
    f[1, 2:6] = g[0], 0.0, -g[3], g[5]
    f[2, 3] = -elapsed_s
    same(covariance.carried(rows(p), drift, elapsed_s, walk.tolist()), f @ p @ f.T + np.diag(walk))


@given(seeds)
def test_less_is_one_measurement(seed: int) -> None:
    draw, p = drawn(seed)
    h = draw.normal(size=6)
    spread = p @ h
    gain = spread / (h @ spread + 0.3)
    same(covariance.less(rows(p), gain.tolist(), spread.tolist()), p - np.outer(gain, spread))


@given(seeds)
def test_less_pair_is_two_measurements_at_once(seed: int) -> None:
    draw, p = drawn(seed)
    h = draw.normal(size=(2, 6))
    spread = p @ h.T
    gain = spread @ np.linalg.inv(h @ spread + 0.3 * np.eye(2))
    found = covariance.less_pair(rows(p), [*map(tuple, gain.tolist())], [*map(tuple, spread.tolist())])
    same(found, p - gain @ spread.T)


def test_diagonal() -> None:
    assert np.array_equal(np.array(covariance.diagonal((1.0, 2.0, 3.0, 4.0, 5.0, 6.0))), np.diag(np.arange(1.0, 7.0)))
