"""What is known of cascades without simulating them: their linear regime, where coupled networks collapse."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import MatrixRankWarning, spsolve

from twin.errors import InputError
from twin.territory.tables import Flags, Floats, Ints
from twin.utilities.failures.cascade import Layer, Needs, settle

COUPLED_THRESHOLD = 2.4554
"""Mean degree times the share kept at which two coupled random graphs collapse (Buldyrev et al. 2010)."""
MOST_HALVINGS = 30


def inoperabilities(needs: Needs, own: Floats) -> Floats:
    """Inoperability (n,) of each element when each has so much of its own: q = (I - A*)^-1 c*.

    Haimes and Jiang 2001, J. Infrastructure Systems 7(1). `A*` is the weights of the needs; the cascade
    agrees while inoperabilities are small and nothing trips, whatever layer it is reached by.

    >>> needs = Needs(np.array([1, 2]), np.array([0, 1]), np.array([0, 0]), np.array([0.5, 0.5]))
    >>> inoperabilities(needs, np.array([0.1, 0.0, 0.0])).round(4).tolist()
    [0.1, 0.05, 0.025]
    """
    n = len(own)
    a = csc_matrix((needs.weight, (needs.consumer, needs.support)), shape=(n, n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MatrixRankWarning)  # told below, in one line
        found = np.asarray(spsolve(csc_matrix(eye_array(n) - a), own)).reshape(n)
    if not np.isfinite(found).all():
        raise InputError(
            "needs", "elements that hold each other up wholly", "weights whose loops add to under 1"
        )
    return found


@dataclass(frozen=True)
class LargestPiece:
    """A network whose elements work within its largest connected piece, as the giant one of a random graph.

    `rows` are its elements among all n, `u` and `v` the ends of its edges.
    """

    rows: Ints
    u: Ints
    v: Ints

    def reached(self, level: Floats) -> Floats:
        """1 within the largest piece of what works, and for elements of other networks."""
        n, works = len(level), level > 0.0
        kept = works[self.u] & works[self.v]
        u, v = self.u[kept], self.v[kept]
        graph = csr_matrix((np.ones(len(u)), (u, v)), shape=(n, n))
        piece = connected_components(graph, directed=False)[1]
        sizes = np.bincount(piece[self.rows[works[self.rows]]], minlength=n)
        inside = np.ones(n)
        inside[self.rows] = works[self.rows] & (piece[self.rows] == sizes.argmax())
        return inside


def twins(n: int) -> Needs:
    """Needs of two networks of n elements each of which needs its counterpart in the other."""
    rows = np.arange(n, dtype=np.int32)
    consumer, support = np.concatenate([rows, rows + n]), np.concatenate([rows + n, rows])
    return Needs(consumer, support, np.zeros(2 * n, dtype=np.int32), np.ones(2 * n))


def surviving(needs: Needs, layers: tuple[Layer, ...], stands: Flags) -> float:
    """Share of elements left by the cascade when only some stand at first (n,)."""
    n = len(stands)
    free = np.zeros((1, n), dtype=bool)
    settled = settle(stands.astype(np.float64), needs, layers, np.zeros(n), free)
    return float((settled.level > 0.0).mean())


def threshold(left: Callable[[float], float], least: float, within: float) -> tuple[float, float]:
    """Shares kept between which what is left jumps over `least`, no further apart than `within`.

    >>> low, high = threshold(lambda kept: float(kept > 0.3), 0.5, 0.01)
    >>> low <= 0.3 < high
    True
    """
    low, high = 0.0, 1.0
    for _ in range(MOST_HALVINGS):
        if high - low <= within:
            break
        middle = (low + high) / 2.0
        low, high = (low, middle) if left(middle) > least else (middle, high)
    return low, high
