"""Attacks on what is published, each with a control on which it must succeed.

The attacker is the strongest that differential privacy speaks of: it knows everybody else's rows, how the
table was made, and all but the noise key. What it can still learn of one person is what is measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from twin.kernels.random import key_of, stream_of, uniforms
from twin.knowledge.privacy_release import KEY_BYTES, NoiseKey, Policy, noise, release
from twin.knowledge.privacy_tables import Contributions, ExactTable

_COIN = stream_of("knowledge.attack.coin")
_DECOY = stream_of("knowledge.attack.decoy")
MOST_BUSY = 40
"""Cells of which two at a time make a crowd to hide a query in."""
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


def membership(tables: Sequence[ExactTable], person: np.ndarray, exact: bool, seed: int) -> Membership:
    """Was this person among those counted? By a coin for each trial, from all tables at once.

    person (n_trials,) is attacked in turn; ``exact`` attacks tables without noise. Each trial is a
    publication of its own: its noise is fresh. Every sum is taken as shown that counts no persons.
    """
    coin = uniforms(seed, _COIN, np.arange(len(person), dtype=np.uint64)) < 0.5
    score = np.zeros(len(person))
    for table in tables:
        trial, row = own_rows(table.kept, person)
        added = table.kept.amount[row]
        others = table.sums[table.kept.cell[row]] - added
        shown = _shown(others + np.where(coin[trial], added, 0), table, exact)
        odds = log_odds(shown, others, others + added, None if exact else table.policy)
        score += np.bincount(trial, weights=odds, minlength=len(person))
    return Membership(auc_of(score, coin), loss_of(score, coin))


def profiles_told(tables: Sequence[ExactTable], person: np.ndarray, exact: bool, seed: int) -> float:
    """Which of two persons' days is this person's? Share told rightly from all tables; 0.5 is chance.

    One is the person's own, the other that of somebody drawn: everything that both add is known, and who
    of the two was counted is not.
    """
    u = uniforms(seed, _DECOY, np.arange(len(person), dtype=np.uint64))
    everybody = np.unique(np.concatenate([table.kept.person for table in tables]))
    decoy = everybody[(u * len(everybody)).astype(np.int64)]
    score = np.zeros(len(person))
    for table in tables:
        kept = table.kept
        parts = [own_rows(kept, who) for who in (person, decoy)]
        key = np.concatenate([trial * kept.n_cells + kept.cell[row] for trial, row in parts])
        pair, back = np.unique(key, return_inverse=True)
        n_own = len(parts[0][1])
        own, other = (
            np.bincount(back[part], weights=kept.amount[row], minlength=len(pair)).astype(np.int64)
            for part, (_, row) in zip((slice(n_own), slice(n_own, None)), parts, strict=True)
        )
        trial, cell = pair // kept.n_cells, pair % kept.n_cells
        others = table.sums[cell] - own
        shown = _shown(others + own, table, exact)
        policy = None if exact else table.policy
        odds = log_odds(shown, others + other, others + own, policy)
        score += np.bincount(trial, weights=odds, minlength=len(person))
    apart = decoy != person
    told = np.where(score == 0.0, 0.5, (score > 0.0).astype(np.float64))
    return float(told[apart].mean())


def reconstruction(table: ExactTable, person: np.ndarray, exact: bool, seed: int) -> float:
    """In which of two cells was this person? Share told rightly; 0.5 is chance.

    One is the person's own, the other that of a presence drawn among all others, so that the crowds in them
    tell nothing of which is which.
    """
    sums, kept = table.sums, table.kept
    so_far = np.cumsum(sums)
    first, after = kept.ranges(person)
    key = np.arange(len(person), dtype=np.uint64)
    u = np.stack([uniforms(seed, _DECOY, key, 1 + draw) for draw in range(9)])
    own = kept.cell[first + (u[0] * (after - first)).astype(np.int64)]
    drawn = np.searchsorted(so_far, u[1:] * so_far[-1], side="right")
    trial, row = own_rows(kept, person)
    mine = np.unique(trial * kept.n_cells + kept.cell[row])
    free = ~np.isin(key.astype(np.int64) * kept.n_cells + drawn, mine)
    found = free.any(axis=0)
    other = drawn[free.argmax(axis=0), np.arange(len(person))]
    odds = []
    for cell, added in ((own, 1), (other, 0)):
        others = sums[cell] - added
        shown = _shown(others + added, table, exact)
        odds.append(log_odds(shown, others, others + 1, None if exact else table.policy))
    told = np.where(odds[0] == odds[1], 0.5, (odds[0] > odds[1]).astype(np.float64))
    return float(np.where(found, told, 0.5).mean())


def own_rows(kept: Contributions, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of what each of some persons adds: number of the person among them, and row (n,)."""
    first, after = kept.ranges(person)
    n_rows = after - first
    trial = np.repeat(np.arange(len(person)), n_rows)
    offset = np.arange(len(trial)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    return trial, np.repeat(first, n_rows) + offset


class Recovered(NamedTuple):
    """Small cells of which the exact count was told, of how many, with how many queries."""

    recovered: int
    small: int
    queries: int


def differencing(counts: np.ndarray, published: np.ndarray | None, least: int, n_queries: int) -> Recovered:
    """Small cells told by the difference of two sums; counts and published (n_cells, n_spans).

    ``published`` None: a door that answers exact sums of at least `least` people, and refuses others. Else
    all sums are made of the published table, in which what is not shown is no part. Both sums of a pair hold
    a busy cell, or two, and some spans of the small one; the second lacks the one span that is asked for.
    Each round takes the sums over other spans, or beside other busy cells, until all queries are asked; a
    cell is told if any answer is its count.
    """
    small = np.argwhere((counts > 0) & (counts < least)).tolist()
    table = counts.astype(np.float64) if published is None else np.nan_to_num(published)
    told = np.zeros(len(small), dtype=bool)
    queries = 0
    busy = np.argsort(-counts.sum(axis=1), kind="stable").tolist() if small else []
    for rows in (*((row,) for row in busy), *combinations(busy[:MOST_BUSY], 2)):
        crowd = float(table[list(rows)].sum())
        for back in range(counts.shape[1]):
            for k, (cell, span) in enumerate(small):
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


def _shown(sums: np.ndarray, table: ExactTable, exact: bool) -> np.ndarray:
    """What a fresh publication shows of some cells."""
    if exact:
        return sums.astype(np.float64)
    if table.counted_by:
        return sums + noise(table.policy, NoiseKey.fresh(), table.name, len(sums)).astype(np.float64)
    return release(sums, table.policy, NoiseKey.fresh(), table.name)


def _log_below(k: np.ndarray, fall: float) -> np.ndarray:
    """Log of the chance that noise is less than k."""
    edge = np.asarray(k, dtype=np.float64)
    far = np.maximum(1.0 - edge, 0.0) * math.log(fall) - math.log1p(fall)
    near = np.log1p(-(fall ** np.maximum(edge, 0.0)) / (1.0 + fall))
    return np.where(edge <= 0.0, far, near)
