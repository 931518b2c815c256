"""Trust in a provider, moved by what it promised and what the trip took; obedience follows trust."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.scenario.ledger import Parameters
from twin.variables import Variable, register

register(
    Variable("calculators.trust", ("person",), "float64", "share", "trust in the provider consulted",
             "knowledge", "traveller"),
)  # fmt: skip


class TrustRule(NamedTuple):
    """Start, gain of a kept promise, loss of a broken one, lateness forgiven; all shares."""

    start: float
    gain: float
    loss: float
    tolerance: float

    @classmethod
    def of(cls, parameters: Parameters) -> TrustRule:
        """The ledger's rule."""
        return cls(*(float(parameters[f"calculators.trust_{name}"]) for name in cls._fields))


def updated_trust(
    trust: np.ndarray, promised_s: np.ndarray, experienced_s: np.ndarray, rule: TrustRule
) -> np.ndarray:
    """Trust after guided trips (n,), within 0..1.

    A trip that took at most ``1 + tolerance`` times what was promised wins the share ``gain`` of the
    trust still missing; a later one loses ``loss`` times its relative lateness (at most 1) of the trust
    held. Losses outweigh gains (asymmetric trust, Slovic 1993, Risk Analysis 13).

    >>> rule = TrustRule(start=0.7, gain=0.02, loss=0.09, tolerance=0.1)
    >>> updated_trust(np.array([0.5, 0.5]), np.array([600.0, 600.0]), np.array([610.0, 1_200.0]), rule)
    array([0.51 , 0.455])
    """
    lateness = (experienced_s - promised_s) / np.maximum(promised_s, 1.0)
    kept = lateness <= rule.tolerance
    won = trust + rule.gain * (1.0 - trust)
    lost = trust * (1.0 - rule.loss * np.clip(lateness, 0.0, 1.0))
    return np.where(kept, won, lost)


def obedience_of(trust: np.ndarray, usual_obedience: float, rule: TrustRule) -> np.ndarray:
    """Probability of following an advice (n,): the usual one at the trust of the start, in proportion."""
    return np.clip(usual_obedience * trust / rule.start, 0.0, 1.0)
