"""Attacks on what is published, each with a control on which it must succeed.

The attacker is the strongest that differential privacy speaks of: it knows everybody else's rows, how the
table was made, and all but the noise key. What it can still learn of one person is what is measured.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from twin.kernels.random import key_of, stream_of, uniforms
from twin.knowledge.privacy_release import KEY_BYTES, NoiseKey, Policy, noise, release

_COIN = stream_of("knowledge.attack.coin")
_DECOY = stream_of("knowledge.attack.decoy")
LARGE = 60.0
"""Odds beyond e to this are certainty."""
THRESHOLDS = np.linspace(0.1, 0.9, 9)
Z_LOSS = 3.2
"""Deviations for 5 % in all: nine thresholds, told yes or no, hits or misses, two rates each."""


class Membership(NamedTuple):
    """auc: chance that a member looks more like one than a non-member; loss: lower bound of epsilon, 95 %."""

    auc: float
    loss: float


def log_odds(
    shown: np.ndarray, others: np.ndarray, with_one: np.ndarray, policy: Policy | None
) -> np.ndarray:
    """Log odds of the count being `with_one` people rather than `others`, for each published cell.

    ``policy`` None: exact counts. A cell left out tells that its noisy count was small.
    """
    if policy is None:
        return np.asarray(np.where(with_one == others, 0.0, np.where(shown == with_one, LARGE, -LARGE)))
    fall, least = policy.fall, policy.least_shown
    seen = np.isfinite(shown)
    value = np.where(seen, shown, 0.0)
    by_value = (np.abs(value - others) - np.abs(value - with_one)) * -math.log(fall)
    small = _log_below(least - with_one, fall) - _log_below(least - others, fall)
    return np.asarray(np.where(seen, by_value, small))


def membership(
    counts: np.ndarray, cells: list[np.ndarray], policy: Policy | None, keys: list[NoiseKey], seed: int
) -> Membership:
    """Was this person among those counted? By a coin each, over persons whose cells are given.

    counts (n_cells,) hold all of them; ``policy`` None attacks exact counts. Each trial is a publication of
    its own, with its own key.
    """
    coin = uniforms(seed, _COIN, np.arange(len(cells), dtype=np.uint64)) < 0.5
    score = np.empty(len(cells))
    for k, own in enumerate(cells):
        others = counts[own] - 1
        shown = _shown(others + int(coin[k]), policy, keys[k], f"membership {k}")
        score[k] = log_odds(shown, others, others + 1, policy).sum()
    return Membership(auc_of(score, coin), loss_of(score, coin))


def reconstruction(
    counts: np.ndarray, cells: list[np.ndarray], policy: Policy | None, keys: list[NoiseKey], seed: int
) -> float:
    """In which of two cells was this person? Share told rightly; 0.5 is chance.

    One is the person's own, the other that of a presence drawn among all others, so that the crowds in them
    tell nothing of which is which.
    """
    so_far = np.cumsum(counts)
    right = 0.0
    for k, own in enumerate(cells):
        u = uniforms(seed, _DECOY, np.full(9, k, dtype=np.uint64), np.arange(9))
        drawn = np.searchsorted(so_far, u[1:] * so_far[-1], side="right")
        other = drawn[~np.isin(drawn, own)]
        if not len(other):
            right += 0.5
            continue
        pair = np.array([own[int(u[0] * len(own))], other[0]])
        others = counts[pair] - np.array([1, 0])
        shown = _shown(counts[pair], policy, keys[k], f"reconstruction {k}")
        odds = log_odds(shown, others, others + 1, policy)
        right += 0.5 if odds[0] == odds[1] else float(odds[0] > odds[1])
    return right / len(cells)


class Recovered(NamedTuple):
    """Small cells of which the exact count was told, of how many, with how many queries."""

    recovered: int
    small: int
    queries: int


def differencing(counts: np.ndarray, published: np.ndarray | None, least: int, n_queries: int) -> Recovered:
    """Small cells told by the difference of two sums; counts and published (n_cells, n_spans).

    ``published`` None: a door that answers exact sums of at least `least` people, and refuses others. Else
    all sums are made of the published table, in which what is not shown is no part. Both sums of a pair hold
    the busiest cell and some spans of the small one; the second lacks the one span that is asked for. Each
    round takes the sums over other spans; a cell is told if any answer is its count.
    """
    small = np.argwhere((counts > 0) & (counts < least))
    table = counts.astype(np.float64) if published is None else np.nan_to_num(published)
    crowd = float(table[int(counts.sum(axis=1).argmax())].sum())
    told = np.zeros(len(small), dtype=bool)
    queries = 0
    for back in range(counts.shape[1]):
        for k, (cell, span) in enumerate(small.tolist()):
            if queries + 2 > n_queries:
                return Recovered(int(told.sum()), len(small), queries)
            queries += 2
            spans = table[cell, max(span - back, 0) : span + 1]
            whole, rest = crowd + float(spans.sum()), crowd + float(spans[:-1].sum())
            if published is None and min(whole, rest) < least:
                continue
            told[k] |= round(whole - rest) == counts[cell, span]
    return Recovered(int(told.sum()), len(small), queries)


def subtract_seed_noise(shown: np.ndarray, policy: Policy, seed: int, name: str, counts: np.ndarray) -> float:
    """Share of shown cells whose count is told exactly by taking off noise drawn from the scenario's seed.

    Several ways of making a key of a seed are tried; the best counts. NaN where nothing is shown.
    """
    seen = np.isfinite(shown)
    if not seen.any():
        return math.nan
    guesses = (shown - noise(policy, key, name, len(shown)) for key in keys_of_seed(seed))
    return max(float(np.mean(guess[seen] == counts[seen])) for guess in guesses)


def keys_of_seed(seed: int) -> tuple[NoiseKey, ...]:
    """The keys that one would try who believes that noise comes from the seed."""
    made = (
        seed.to_bytes(KEY_BYTES, "little"),
        seed.to_bytes(KEY_BYTES, "big"),
        str(seed).encode().ljust(KEY_BYTES),
        int(key_of(str(seed))).to_bytes(KEY_BYTES, "little"),
    )
    return tuple(NoiseKey(each) for each in made)


def auc_of(score: np.ndarray, member: np.ndarray) -> float:
    """Area under the curve of hits against false alarms (Mann & Whitney 1947); ties count half.

    >>> auc_of(np.array([1.0, 2.0, 2.0]), np.array([False, True, False]))
    0.75
    """
    order = np.sort(score[~member])
    below = np.searchsorted(order, score[member]) + np.searchsorted(order, score[member], side="right")
    return float(below.mean() / (2 * len(order)))


def loss_of(score: np.ndarray, member: np.ndarray) -> float:
    """Largest log ratio of rates between members and others over nine thresholds that 95 % certainty leaves.

    Rates by Wilson's interval (1927, JASA 22), its error shared among the thresholds (Bonferroni).
    """
    best = 0.0
    for at in np.quantile(score, THRESHOLDS):
        for told in (score >= at, score < at):
            hit, miss = told[member], told[~member]
            for a, b in ((hit, miss), (miss, hit)):
                low, high = _wilson(a, Z_LOSS)[0], _wilson(b, Z_LOSS)[1]
                best = max(best, math.log(low / high)) if low > 0.0 else best
    return best


def _wilson(told: np.ndarray, z: float) -> tuple[float, float]:
    n, share = len(told), float(np.mean(told))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _shown(counts: np.ndarray, policy: Policy | None, key: NoiseKey, name: str) -> np.ndarray:
    return counts.astype(np.float64) if policy is None else release(counts, policy, key, name)


def _log_below(k: np.ndarray, fall: float) -> np.ndarray:
    """Log of the chance that noise is less than k."""
    edge = np.asarray(k, dtype=np.float64)
    far = np.maximum(1.0 - edge, 0.0) * math.log(fall) - math.log1p(fall)
    near = np.log1p(-(fall ** np.maximum(edge, 0.0)) / (1.0 + fall))
    return np.where(edge <= 0.0, far, near)
