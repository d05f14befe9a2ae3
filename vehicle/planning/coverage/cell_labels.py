"""Chooses the swath direction of all faces together, by descent over sets of faces that a line cuts off.

The closed-form cost of `directions` is a sum over edges. The cost of an edge of the area depends on the direction of
its face. An edge between two faces costs nothing if both have the same direction, because their swaths run through;
otherwise it costs what it costs in both directions, plus a seam. Touching faces of one direction form one cell.
"""

from dataclasses import dataclass

import numpy as np

GAIN_S = 1.0
"""A move must save at least this, so that rounding never decides."""
MOVES_MAX = 100
SIZE_MIN_M2 = 1.0
SMALL_PRODUCT = 200_000
"""Multiplications in one product of matrices; the library begins threads at about 260,000."""


@dataclass(frozen=True)
class FaceCosts:
    """Costs [s]: of each face in each direction (n, d); of each shared edge for the directions at its sides (k, d, d).

    `sides`: the two faces (k, 2) of each shared edge; `area_m2`: of each face (n,). Seconds are multiples of a power of
    two: their sums are exact in any order, so that every computer finds the same cells.
    """

    face_s: np.ndarray
    pair_s: np.ndarray
    sides: np.ndarray
    area_m2: np.ndarray

    def total_s(self, labels: np.ndarray) -> float:
        """Total cost [s] of faces with these directions (n,)."""
        own_s = self.face_s[np.arange(len(labels)), labels]
        return float(own_s.sum() + self._now_s(labels).sum())

    def _now_s(self, labels: np.ndarray) -> np.ndarray:
        a, b = labels[self.sides].T
        return np.asarray(self.pair_s[np.arange(len(a)), a, b])

    def savings_s(self, labels: np.ndarray, sets: "FaceSets") -> np.ndarray:
        """Return (m, d) the saving [s] of each set of faces if it takes each direction."""
        every = np.arange(len(self.sides))
        a, b = labels[self.sides].T
        now_s = self._now_s(labels)[:, None]
        faces_s = self.face_s[np.arange(len(labels)), labels][:, None] - self.face_s
        rows_s = np.vstack([faces_s, now_s - self.pair_s[every, :, b], now_s - self.pair_s[every, a, :]])
        return np.asarray(in_small_products(sets.weights, rows_s) + in_small_products(sets.both, now_s))

    def cells(self, labels: np.ndarray) -> np.ndarray:
        """Return (n,) the cell of each face, numbered from 0; a cell joins faces of one direction that share edges."""
        same = self.sides[labels[self.sides[:, 0]] == labels[self.sides[:, 1]]]
        return connected(len(labels), same)


@dataclass(frozen=True)
class FaceSets:
    """Sets of faces (m, n) bool, with what each has of faces and shared edges, as factors 0 and 1.

    `weights`: faces in it, edges with only the first side in it, edges with only the second (m, n + 2 k). `both`: edges
    with both sides in it (m, k).
    """

    faces: np.ndarray
    weights: np.ndarray
    both: np.ndarray

    @classmethod
    def of(cls, costs: FaceCosts, faces: np.ndarray) -> "FaceSets":
        """Return the factors of sets of faces (m, n) bool."""
        inside = faces.astype(float)
        first, second = inside[:, costs.sides[:, 0]], inside[:, costs.sides[:, 1]]
        both = first * second
        return cls(faces, np.hstack([inside, first - both, second - both]), both)


def in_small_products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the product of matrices (m, k) and (k, d), some rows at a time.

    A large product starts threads that wait busily for each other: on a busy computer they take four times as long.
    """
    rows = max(1, SMALL_PRODUCT // max(1, b.size))
    return np.asarray(np.concatenate([a[k : k + rows] @ b for k in range(0, len(a), rows)]) if len(a) else a @ b)


def connected(count: int, pairs: np.ndarray) -> np.ndarray:
    """Return (count,) the group of each node, numbered from 0 in node order; pairs (k, 2) are in the same group."""
    root = list(range(count))
    for pair in pairs.tolist():
        a, b = pair
        while root[a] != a:
            a = root[a]
        while root[b] != b:
            b = root[b]
        root[pair[0]] = root[pair[1]] = root[a] = root[b] = min(a, b)
    for k in range(count):  # a root is the smallest node of its group: nodes before it are final
        root[k] = root[root[k]]
    return np.asarray(np.unique(np.array(root), return_inverse=True)[1])


def best_labels(costs: FaceCosts, cut_off: np.ndarray, starts: list[int]) -> np.ndarray:
    """Return (n,) the best directions that descent finds, started from several single directions for all faces.

    `cut_off`: sets of faces (m, n) bool on one side of a line.
    """
    off = FaceSets.of(costs, cut_off)
    found = [_descended(costs, off, label) for label in starts]
    return min(found, key=lambda labels: round(costs.total_s(labels), 2))


def _descended(costs: FaceCosts, cut_off: FaceSets, label: int) -> np.ndarray:
    """Descend: give one direction to a set cut off by a line or to a cell; if nothing is saved, to a part of a cell."""
    labels = np.full(len(costs.face_s), label)
    for _ in range(MOVES_MAX):
        cells = costs.cells(labels)
        each = cells[None, :] == np.arange(cells.max() + 1)[:, None]
        moved = _best_move(costs, labels, [cut_off, FaceSets.of(costs, each)])
        if moved is None and len(each) > 1:
            parts = (each[:, None, :] & cut_off.faces[None, :, :]).reshape(-1, len(labels))
            moved = _best_move(costs, labels, [FaceSets.of(costs, parts[parts.any(axis=1)])])
        if moved is None:
            break
        labels = moved
    return labels


def _best_move(costs: FaceCosts, labels: np.ndarray, sets: list[FaceSets]) -> np.ndarray | None:
    """Return the labels after the move with the largest saving per area; None if no move saves anything.

    If the total saving decided, the first move on a comb-shaped area would give the whole area the direction of the
    teeth, and no later move would improve it.
    """
    faces = np.concatenate([some.faces for some in sets])
    if not len(faces):  # ground in several parts that no line divides
        return None
    saved_s = np.concatenate([costs.savings_s(labels, some) for some in sets])
    size_m2 = np.maximum(SIZE_MIN_M2, faces @ costs.area_m2)
    worth = np.where(saved_s >= GAIN_S, saved_s / size_m2[:, None], 0.0)
    move, direction = divmod(int(np.argmax(np.round(worth, 4))), saved_s.shape[1])
    return np.where(faces[move], direction, labels) if worth[move, direction] > 0.0 else None
