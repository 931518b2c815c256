"""What may be published of people: counts with noise at the level of the person, paid from a budget.

Each person adds at most m to a table, so adding or removing one changes it by m at most, and noise
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
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters

KEY_BYTES = 32


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
        self.spend_all([(what, epsilon)])

    def spend_all(self, expenses: Sequence[tuple[str, float]]) -> None:
        """Note several expenses that are made together, or refuse all of them."""
        known = {name for name, _ in self.rows}
        for what, epsilon in expenses:
            if not (math.isfinite(epsilon) and epsilon > 0.0):
                raise InputError(f"release {what!r}", f"epsilon {epsilon:g}", "a number above 0")
            if what in known:
                raise InputError(
                    f"release {what!r}", "was published already", "the table that stands: it is paid for once"
                )
            known.add(what)
        total, left = math.fsum(epsilon for _, epsilon in expenses), self.limit - self.spent
        if total > left + 1e-12 * self.limit:
            what = expenses[0][0] if len(expenses) == 1 else f"{expenses[0][0]} and {len(expenses) - 1} more"
            raise InputError(f"release {what!r}", f"{total:g} of {left:g} left", "no more than is left")
        self.rows.extend(expenses)


class Policy(NamedTuple):
    """How a table is published: epsilon, most that one person adds in all, fewest people a cell shows."""

    epsilon: float
    most: int
    least_people: int

    @classmethod
    def of(cls, parameters: Parameters) -> Policy:
        """What the ledger says of counts of persons, with the whole budget."""
        return cls(
            float(parameters["knowledge.privacy_epsilon"]),
            int(parameters["knowledge.privacy_most_cells"]),
            int(parameters["knowledge.privacy_least_people"]),
        )

    @property
    def fall(self) -> float:
        """Ratio a of the noise's chances of k + 1 and k."""
        return math.exp(-self.epsilon / self.most)

    @property
    def least_shown(self) -> int:
        """Smallest noisy count shown: the fewest people, and the noise that one cell in forty exceeds."""
        return self.least_people + math.ceil(self.most / self.epsilon * math.log(20.0))


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
