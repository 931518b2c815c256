"""Who changes to public transport when it gets better, or leaves it when it gets worse: a pivot.

The incremental logit (Ben-Akiva & Lerman 1985, Discrete Choice Analysis, ch. 5): where only the utility of
transit changes by d, its share goes from P to P e^d / (1 - P + P e^d); so nobody leaves it for d > 0, and
nobody comes for d < 0.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.random import stream_of, uniforms

MODE_CHANGE = stream_of("behaviour.change to transit")
MODE_LEAVING = stream_of("behaviour.leave transit")


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


def leave_probability(share: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Probability that who uses transit now leaves it when its utility falls (n,); for a rise nobody does.

    >>> leave_probability(np.array([0.2, 0.2]), np.array([0.5, -np.log(2.0)])).round(4).tolist()
    [0.0, 0.4444]
    """
    lift = np.exp(np.minimum(gain, 0.0))
    return np.asarray(1.0 - lift / (1.0 - share + share * lift))


def changes(
    key: np.ndarray, number: np.ndarray, probability: np.ndarray, seed: int, stream: np.uint64 = MODE_CHANGE
) -> np.ndarray:
    """Who changes: a draw of the person's own key for each numbered tour (n,).

    The draw does not depend on the offer: who changes for a small gain changes for a larger one.
    """
    return np.asarray(uniforms(seed, stream, key, number) < probability)
