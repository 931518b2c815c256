"""Who changes to public transport when it gets better: a pivot on the modes people use now.

The incremental logit (Ben-Akiva & Lerman 1985, Discrete Choice Analysis, ch. 5): where only the utility of
transit rises by d, its share goes from P to P e^d / (1 - P + P e^d); nobody leaves it.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.random import stream_of, uniforms

MODE_CHANGE = stream_of("behaviour.change to transit")


def change_probability(share: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Probability that who does not use transit now does when its utility rises (n,).

    Parameters
    ----------
    share
        Share of transit before, in [0, 1].
    gain
        Rise of utility; nought or less changes nobody.

    >>> change_probability(np.array([0.2, 0.2]), np.array([0.0, np.log(2.0)])).round(4).tolist()
    [0.0, 0.1667]
    """
    lift = np.exp(np.maximum(gain, 0.0))
    return np.asarray(share * (lift - 1.0) / (1.0 - share + share * lift))


def changes(key: np.ndarray, number: np.ndarray, probability: np.ndarray, seed: int) -> np.ndarray:
    """Who changes: a draw of the person's own key for each numbered tour (n,).

    The draw does not depend on the offer: who changes for a small gain changes for a larger one.
    """
    return np.asarray(uniforms(seed, MODE_CHANGE, key, number) < probability)
