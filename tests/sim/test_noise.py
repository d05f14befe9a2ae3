import math

import numpy as np
import pytest

from sim.noise import BLOCK_ROWS, GaussMarkov, NormalRows, generator


def test_rows_repeat_for_a_seed_across_block_borders():
    first, again = NormalRows(7, "a", 3), NormalRows(7, "a", 3)
    rows = [first.row() for _ in range(2 * BLOCK_ROWS + 5)]
    assert rows == [again.row() for _ in range(2 * BLOCK_ROWS + 5)]
    assert len({tuple(row) for row in rows}) == len(rows)


def test_sources_are_independent_of_each_other():
    a = np.array([NormalRows(7, "a", 1).row()[0] for _ in range(1)] + [0.0])
    assert a[0] != NormalRows(7, "b", 1).row()[0]
    assert a[0] != NormalRows(8, "a", 1).row()[0]
    x, y = generator(7, "a").standard_normal(20_000), generator(7, "b").standard_normal(20_000)
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.03


@pytest.mark.parametrize("step_s", [0.02, 0.1])
def test_gauss_markov_keeps_sigma_and_correlation_time_whatever_the_step(step_s):
    normals = generator(1, "gm").standard_normal(200_001).tolist()
    noise = GaussMarkov(0.3, 2.0, step_s, normals[0])
    series = np.array([noise.step(normal) for normal in normals[1:]])
    lag = round(2.0 / step_s)
    assert np.std(series) == pytest.approx(0.3, rel=0.05)
    assert np.corrcoef(series[:-lag], series[lag:])[0, 1] == pytest.approx(math.exp(-1.0), abs=0.05)


def test_gauss_markov_starts_inside_its_distribution():
    normals = generator(2, "start").standard_normal(5_000)
    assert np.std([GaussMarkov(0.3, 2.0, 0.02, normal).value for normal in normals]) == pytest.approx(0.3, rel=0.05)
