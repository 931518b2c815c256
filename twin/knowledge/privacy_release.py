"""What may be published of people: counts with noise at the level of the person, paid from a budget.

Each person counts in at most m cells, so adding or removing one changes the table by m at most, and noise
of the two-sided geometric law P(k) ~ a^|k|, a = exp(-epsilon / m), makes the whole table
epsilon-differentially private (Dwork et al. 2006; Ghosh, Roughgarden & Sundararajan 2009). What is small
after noise is left out; that and all sums of the table cost nothing more.

The noise does not come from the scenario's seed: a seed is published with the results, and who has it could
take its noise off again. It comes from a secret key that is kept nowhere but with the publisher.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.traces import Traces
from twin.scenario.ledger import Parameters

KEY_BYTES = 32
_CLIP = stream_of("knowledge.privacy.clip")


class NoiseKey:
    """A secret from which noise is drawn; printing it does not tell it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES:
            raise InputError("noise key", f"{len(secret)} bytes", f"{KEY_BYTES} secret bytes or more")
        self._secret = bytes(secret)

    @classmethod
    def fresh(cls) -> NoiseKey:
        """A new key from the operating system's source of randomness."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def __repr__(self) -> str:
        return "NoiseKey(secret)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a noise key is not copied into files")

    def words(self, name: str, n: int) -> np.ndarray:
        """n words of 64 bits (n,) that belong to a name; nobody without the key can tell them."""
        stream = hashlib.shake_256(len(self._secret).to_bytes(4, "little") + self._secret + name.encode())
        return np.frombuffer(stream.digest(8 * n), dtype="<u8")


@dataclass
class BudgetLedger:
    """What has been spent of a privacy budget; losses of releases about the same people add up."""

    limit: float
    rows: list[tuple[str, float]] = field(default_factory=list)

    @property
    def spent(self) -> float:
        """Sum of all that was spent (sequential composition, Dwork & Roth 2014, theorem 3.16)."""
        return math.fsum(epsilon for _, epsilon in self.rows)

    def spend(self, what: str, epsilon: float) -> None:
        """Note an expense, or refuse it; one release has one name, and is paid once.

        >>> ledger = BudgetLedger(1.0)
        >>> ledger.spend("june", 0.75)
        >>> ledger.spend("july", 0.75)
        Traceback (most recent call last):
        ...
        twin.errors.InputError: release 'july': 0.75 of 0.25 left; right would be: no more than is left
        """
        if not (math.isfinite(epsilon) and epsilon > 0.0):
            raise InputError(f"release {what!r}", f"epsilon {epsilon:g}", "a number above 0")
        if any(what == name for name, _ in self.rows):
            raise InputError(
                f"release {what!r}", "was published already", "another name, or the table that stands"
            )
        left = self.limit - self.spent
        if epsilon > left * (1.0 + 1e-12):
            raise InputError(f"release {what!r}", f"{epsilon:g} of {left:g} left", "no more than is left")
        self.rows.append((what, epsilon))


class Policy(NamedTuple):
    """How people are counted and published.

    epsilon for all of the period; most cells in which a person counts; fewest people a cell shows; grid
    [m, h] on which days lie on one another.
    """

    epsilon: float
    most_cells: int
    least_people: int
    cell_m: float
    span_h: float

    @classmethod
    def of(cls, parameters: Parameters) -> Policy:
        """What the ledger says."""
        return cls(
            float(parameters["knowledge.privacy_epsilon"]),
            int(parameters["knowledge.privacy_most_cells"]),
            int(parameters["knowledge.privacy_least_people"]),
            float(parameters["knowledge.privacy_cell_m"]),
            float(parameters["knowledge.privacy_span_h"]),
        )

    @property
    def fall(self) -> float:
        """Ratio a of the noise's chances of k + 1 and k."""
        return math.exp(-self.epsilon / self.most_cells)

    @property
    def least_shown(self) -> int:
        """Smallest noisy count shown: the fewest people, and the noise that one cell in forty exceeds."""
        return self.least_people + math.ceil(self.most_cells / self.epsilon * math.log(20.0))


def clipped(traces: Traces, most_cells: int, seed: int) -> Traces:
    """The same traces with at most so many points a person, drawn; all others are forgotten."""
    u = uniforms(seed, _CLIP, traces.person.astype(np.uint64), traces.point)
    order = np.lexsort((u, traces.person))
    person = traces.person[order]
    rank = np.arange(len(person)) - np.searchsorted(person, person)
    kept = np.sort(order[rank < most_cells])
    return Traces(traces.person[kept], traces.point[kept], traces.n_spans)


def counts_of(traces: Traces, n_cells: int) -> np.ndarray:
    """People in each cell (n_cells,), each counted once a cell."""
    return np.bincount(traces.point, minlength=n_cells)


def noise(policy: Policy, key: NoiseKey, name: str, n: int) -> np.ndarray:
    """Two-sided geometric noise (n,), whole numbers: the difference of two geometric ones."""
    words = key.words(name, 2 * n) >> np.uint64(11)
    u = (words.astype(np.float64) + 0.5) * 2.0**-53
    heads = np.floor(np.log(u) / math.log(policy.fall)).astype(np.int64)
    return heads[:n] - heads[n:]


def release(counts: np.ndarray, policy: Policy, key: NoiseKey, name: str) -> np.ndarray:
    """The published table (n,): noisy counts, NaN where they are too small to be shown."""
    noisy = counts + noise(policy, key, name, len(counts))
    return np.where(noisy >= policy.least_shown, noisy.astype(np.float64), np.nan)


def publish(counts: np.ndarray, policy: Policy, key: NoiseKey, name: str, ledger: BudgetLedger) -> np.ndarray:
    """Pay for a release and make it; a release that cannot be paid is not made."""
    ledger.spend(name, policy.epsilon)
    return release(counts, policy, key, name)
