"""Failures that pass from one network to another: levels of elements, settled within every step.

An element's level is 1 when it does all it should and 0 when it does nothing. It is its health times what
each utility it needs leaves it (Haimes and Jiang 2001, J. Infrastructure Systems 7(1): inoperability
q = A* q + c*, here with 1 - q a product, alike while q is small), times what reaches it within its own
network. The largest fixed point is sought from above, so whatever can stand, stands. A store bridges an
input for a time; an element that fell below its least level stays down until its inputs have been good
for as long as its restart takes. Every rule is monotone: more health or more store never lowers a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from twin.territory.tables import Flags, Floats, Ints, Table

SMALL = 1e-12
BROKEN = -1
"""Cause of a fall that is the element's own."""


class Layer(Protocol):
    """A network that elements must be reached by."""

    def reached(self, level: Floats) -> Floats:
        """What the network leaves each element (n,), 1 for those that are none of its own."""
        ...


class Paths:
    """A network in which an element works if a way over working elements leads there from a source."""

    def __init__(self, n: int, tail: Ints, head: Ints, sources: Ints) -> None:
        self.n, self.sources = n, sources
        root = np.full(len(sources), n)
        self._tail, self._head = np.concatenate([tail, root]), np.concatenate([head, sources])
        self._known: tuple[bytes, Floats] | None = None
        self.members = self._from_sources(np.ones(n, dtype=bool))

    def reached(self, level: Floats) -> Floats:
        """1 where a way over others leads, and for elements to which none led when all stood."""
        works = level > 0.0
        key = works.tobytes()
        if self._known is None or self._known[0] != key:
            fine = self._from_sources(works) | ~self.members
            self._known = key, fine.astype(np.float64)
        return self._known[1]

    def _from_sources(self, works: Flags) -> Flags:
        open_ = np.append(works, True)
        kept = open_[self._tail]  # a way ends at what does not work, and is known to lead there
        tail, head = self._tail[kept], self._head[kept]
        graph = csr_matrix((np.ones(len(tail)), (tail, head)), shape=(self.n + 1, self.n + 1))
        found = np.zeros(self.n + 1, dtype=bool)
        found[breadth_first_order(graph, self.n, return_predecessors=False)] = True
        return np.asarray(found[:-1])


@dataclass(frozen=True)
class Needs(Table):
    """Who needs whom, one row a pair: `weight` is what the consumer loses of that utility with the support.

    Losses within one utility add up (two supports of weight 0.5 share the work), utilities multiply.
    """

    consumer: Ints
    support: Ints
    utility: Ints
    weight: Floats


@dataclass(frozen=True)
class Elements(Table):
    """Elements (n,): the least level they run at (0: they never trip), and how long a restart takes.

    `store_s` (n_utilities, n) is how long each goes on without a utility; may be infinite.
    """

    least: Floats
    restart_s: Floats
    store_s: Floats


@dataclass(frozen=True)
class Settled:
    """A fixed point: level of each element; in which round, and why, it fell below its health.

    `inputs` (n_utilities, n) are without stores, `reach` (n,) is what the layers leave. `cause` is BROKEN,
    a utility's row, or n_utilities + the row of a layer.
    """

    level: Floats
    inputs: Floats
    reach: Floats
    round: Ints
    cause: Ints


def settle(health: Floats, needs: Needs, layers: Sequence[Layer], least: Floats, bridged: Flags) -> Settled:
    """The largest levels that all allow; `bridged` (n_utilities, n) inputs count as 1."""
    n_utilities, n = bridged.shape
    level = _tripped(health.astype(np.float64), least)
    fell, cause = np.zeros(n, dtype=np.int32), np.full(n, BROKEN, dtype=np.int32)
    turn = 0
    while True:
        turn += 1
        raw = _inputs(level, needs, n_utilities)
        ways = [layer.reached(level) for layer in layers]
        reach = np.prod(ways, axis=0) if ways else np.ones(n)
        factors = [*np.where(bridged, 1.0, raw), *ways]
        left = np.minimum(_tripped(health * np.prod(factors, axis=0), least), level)
        lower = level - left > SMALL
        if not lower.any():
            return Settled(level, raw, reach, fell, cause)
        first = lower & (fell == 0)
        fell[first] = turn
        cause[first] = np.array(factors)[:, first].argmin(axis=0)
        level = left


def _tripped(level: Floats, least: Floats) -> Floats:
    return np.where(level < least, 0.0, level)


def _inputs(level: Floats, needs: Needs, n_utilities: int) -> Floats:
    """What is left of each utility at each element (n_utilities, n)."""
    lost = needs.weight * (1.0 - level[needs.support])
    n = len(level)
    total = np.bincount(needs.utility * n + needs.consumer, weights=lost, minlength=n_utilities * n)
    return np.asarray(np.maximum(1.0 - total.reshape(n_utilities, n), 0.0))


@dataclass(frozen=True)
class Fall:
    """An element that went down, or came back, in a step: in which round of it, and why."""

    step: int
    round: int
    element: int
    down: bool
    cause: int


@dataclass
class Cascade:
    """Elements with their stores through time.

    `left_s` (n_utilities, n) is what is left of each store, `good_s` (n,) for how long an element has had
    all it needs without any store.
    """

    elements: Elements
    needs: Needs
    layers: Sequence[Layer]
    recharge: float = 1.0
    left_s: Floats = field(init=False)
    good_s: Floats = field(init=False)
    down: Flags = field(init=False)
    n_steps: int = field(init=False, default=0)
    falls: list[Fall] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.elements.least)
        self.left_s = self.elements.store_s.copy()
        self.good_s, self.down = np.zeros(n), np.zeros(n, dtype=bool)
        self._low = np.zeros(n, dtype=bool)

    def step(self, health: Floats, step_s: float) -> Floats:
        """Levels (n,) through a step; a store that does not last through all of it bridges nothing of it."""
        elements = self.elements
        running = np.where(self.down, 0.0, health)
        found = settle(running, self.needs, self.layers, elements.least, self.left_s >= step_s)
        needed = np.where(elements.least > 0.0, elements.least, 1.0 - SMALL)
        good = found.inputs >= needed
        spent = np.where(self.left_s >= step_s, self.left_s - step_s, 0.0)
        filled = np.minimum(elements.store_s, self.left_s + self.recharge * step_s)
        self.left_s = np.where(good, filled, spent)
        self.down |= (found.level < elements.least) & (elements.least > 0.0)
        sound = health * found.inputs.prod(axis=0) * found.reach >= needed
        self.good_s = np.where(sound, self.good_s + step_s, 0.0)
        self._note(found)
        self.down &= self.good_s < elements.restart_s
        self.n_steps += 1
        return found.level

    def _note(self, found: Settled) -> None:
        """Keep who fell and who came back, in the order of rounds."""
        low, fresh = found.level < 0.5, []
        for element in np.flatnonzero(low != self._low).tolist():
            turn, cause = int(found.round[element]), int(found.cause[element])
            fresh.append(Fall(self.n_steps, turn, element, bool(low[element]), cause))
        self.falls += sorted(fresh, key=lambda fall: (fall.round, fall.element))
        self._low = low


def run(cascade: Cascade, health: Floats, step_s: float) -> Floats:
    """Levels (n_steps, n) for a health (n_steps, n) of each step."""
    return np.array([cascade.step(each, step_s) for each in health])
