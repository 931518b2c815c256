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

import numpy as np

from twin.territory.tables import Flags, Floats, Ints, Table
from twin.utilities.failures.inventory import Rows
from twin.utilities.failures.paths import Layer, SupplyPaths
from twin.utilities.spans import RUNNING

__all__ = [
    "BROKEN",
    "OPENED",
    "Cascade",
    "Elements",
    "Fall",
    "Layer",
    "Needs",
    "SupplyPaths",
    "run",
    "settle",
]

SMALL = 1e-12
BROKEN = -1
"""Cause of a fall that is the element's own."""
OPENED = -2
"""Cause of a fall: protection or an operator opened the element."""


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
class FixedPoint:
    """A fixed point: level of each element; in which round, and why, it fell below its health.

    `inputs` (n_utilities, n) are without stores, `reach` (n,) is what the layers leave. `cause` is BROKEN,
    a utility's row, or n_utilities + the row of a layer.
    """

    level: Floats
    inputs: Floats
    reach: Floats
    round: Ints
    cause: Ints


def settle(
    health: Floats, needs: Needs, layers: Sequence[Layer], least: Floats, bridged: Flags
) -> FixedPoint:
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
            return FixedPoint(level, raw, reach, fell, cause)
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
    """An element that went down, or came back, in a step: in which round of it, and why.

    `by` is the element because of which: the support that failed most, or the nearest on the way from the
    source that does not work; -1 where it is its own. `root` is where the chain of them begins.
    """

    step: int
    round: int
    element: int
    down: bool
    cause: int
    by: int = -1
    root: int = -1


@dataclass
class Cascade:
    """Elements with their stores through time.

    `left_s` (n_utilities, n) is what is left of each store, `good_s` (n,) for how long an element has had
    all it needs without any store. An element whose restart is infinite waits for `visited`. Of `ties`, which
    are open at rest, no falls are noted.
    """

    elements: Elements
    needs: Needs
    layers: Sequence[Layer]
    recharge: float = 1.0
    ties: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    left_s: Floats = field(init=False)
    good_s: Floats = field(init=False)
    down: Flags = field(init=False)
    n_steps: int = field(init=False, default=0)
    falls: list[Fall] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.elements.least)
        self.left_s = self.elements.store_s.copy()
        self.good_s, self.down = np.zeros(n), np.zeros(n, dtype=bool)
        self._low, self._started = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self._cause, self._root = np.full(n, BROKEN, dtype=np.int32), np.full(n, -1, dtype=np.int32)
        self._last: tuple[Floats, Flags, FixedPoint] | None = None
        self._calm = False

    @property
    def waiting(self) -> Flags:
        """Elements (n,) that have all they need and start only when somebody comes."""
        return self.down & np.isinf(self.elements.restart_s) & (self.good_s > 0.0) & ~self._started

    def visited(self, rows: Rows) -> None:
        """Somebody switched elements on by hand: they start as soon as they have all they need."""
        self._started[rows] |= self.down[rows]

    def step(
        self, health: Floats, step_s: float, closed: Floats | None = None, opener: Ints | None = None
    ) -> Floats:
        """Levels (n,) through a step; a store that does not last through all of it bridges nothing of it.

        Parameters
        ----------
        closed
            (n,) 0.0 where an element is open, and carries nothing; all are closed without.
        opener
            (n,) the element because of which another is open, -1 where none is known.
        """
        elements = self.elements
        whole = health if closed is None else health * closed
        running = np.where(self.down, 0.0, whole)
        bridged = self.left_s >= step_s
        last = self._last
        alike = last is not None and (last[0] == running).all() and (last[1] == bridged).all()
        if alike and self._calm:  # nothing is down, and no store is short: all stays as it is
            self.n_steps += 1
            return last[2].level if last is not None else running
        if last is not None and alike:
            found = last[2]
        else:
            found = settle(running, self.needs, self.layers, elements.least, bridged)
        self._last = running, bridged, found
        needed = np.where(elements.least > 0.0, elements.least, 1.0 - SMALL)
        good = found.inputs >= needed
        spent = np.where(bridged, self.left_s - step_s, 0.0)
        filled = np.minimum(elements.store_s, self.left_s + self.recharge * step_s)
        self.left_s = np.where(good, filled, spent)
        self.down |= (found.level < elements.least) & (elements.least > 0.0)
        sound = whole * found.inputs.prod(axis=0) * found.reach >= needed
        self.good_s = np.where(sound, self.good_s + step_s, 0.0)
        if not alike:
            self._note(found, health, (closed, opener))
        ready = (self.good_s >= elements.restart_s) | (self._started & sound)
        self.down &= ~ready
        self._started &= found.level < np.maximum(elements.least, SMALL)
        self._calm = bool(not self.down.any() and (self.left_s == elements.store_s).all())
        self.n_steps += 1
        return found.level

    def _note(self, found: FixedPoint, health: Floats, switched: tuple[Floats | None, Ints | None]) -> None:
        """Keep who fell and who came back, in the order of rounds; also who broke while it was down."""
        (closed, opener), low = switched, found.level < RUNNING
        low[self.ties] = False
        broke = (health < RUNNING) & self._low & low & (self._cause != BROKEN)
        changed = np.flatnonzero((low != self._low) | broke)
        fresh = changed[low[changed]]
        cause = np.where(health < RUNNING, BROKEN, found.cause).astype(np.int32)
        if closed is not None:
            cause[(found.cause == BROKEN) & (closed <= 0.0) & (health >= RUNNING)] = OPENED
        self._cause[fresh] = cause[fresh]
        by = self._blamed(found, fresh, opener)
        self._root[fresh] = -1
        for element in changed[np.lexsort((changed, found.round[changed]))].tolist():
            mine, why = by.get(element, -1), int(self._cause[element])
            if low[element] and why == OPENED:
                self._root[element] = mine
            elif low[element]:
                self._root[element] = element if mine < 0 or mine == element else self._root_of(mine)
            turn, root = int(found.round[element]), int(self._root[element])
            self.falls.append(Fall(self.n_steps, turn, element, bool(low[element]), why, mine, root))
        self._low = low

    def _root_of(self, element: int) -> int:
        return int(self._root[element]) if self._root[element] >= 0 else element

    def _blamed(self, found: FixedPoint, fresh: Rows, opener: Ints | None) -> dict[int, int]:
        """Because of which element each of the fresh falls is."""
        cause, n_utilities = self._cause[fresh], len(found.inputs)
        blamed: dict[int, int] = {}
        for utility in range(n_utilities):
            of = np.flatnonzero(np.isin(self.needs.consumer, fresh[cause == utility]))
            of = of[self.needs.utility[of] == utility]
            lost = self.needs.weight[of] * (1.0 - found.level[self.needs.support[of]])
            for row in of[np.argsort(lost, kind="stable")].tolist():  # the greatest loss comes last
                blamed[int(self.needs.consumer[row])] = int(self.needs.support[row])
        for row, layer in enumerate(self.layers):
            mine, why = fresh[cause == n_utilities + row], n_utilities + row
            if isinstance(layer, SupplyPaths) and len(mine):
                dead = layer.first_dead((found.level < RUNNING) & (self._cause == why), mine)
                blamed.update(zip(mine.tolist(), dead.tolist(), strict=True))
        if opener is not None:
            mine = fresh[cause == OPENED]
            blamed.update(zip(mine.tolist(), opener[mine].tolist(), strict=True))
        return blamed


def run(cascade: Cascade, health: Floats, step_s: float) -> Floats:
    """Levels (n_steps, n) for a health (n_steps, n) of each step."""
    return np.array([cascade.step(each, step_s) for each in health])
