"""Predicted travel times: what a provider expects links to take some minutes from now, by its own pictures.

Instantaneous times are those of now, and may mislead many users at once (Hall 1996, Transp. Res. C 4(2)).
"""

from __future__ import annotations

import numpy as np

from twin.clock import N_SLICES, SLICE_S
from twin.knowledge.estimates import LinkPicture

INSTANTANEOUS, PREDICTED = "instantaneous", "predicted"


def by_trend_s(now: LinkPicture, before: LinkPicture, ahead_s: float, damping: float) -> np.ndarray:
    """Times expected ``ahead_s`` from now (n_links,) [s]: t + damping x ahead x (t - t') / (s - s').

    Only links that had probes in both pictures have a trend; on the others the picture of now stands.
    Damping (ledger, 0 to 1) keeps short trends from running away (Gardner & McKenzie 1985, Manag. Sci. 31).
    """
    elapsed_s = now.moment_s - before.moment_s
    if elapsed_s <= 0.0:
        return now.travel_time_s
    seen = (now.n_probes > 0) & (before.n_probes > 0)
    change_s = (now.travel_time_s - before.travel_time_s) * (damping * ahead_s / elapsed_s)
    return np.where(seen, now.travel_time_s + change_s, now.travel_time_s)


def by_profile_s(now: LinkPicture, profile_s: np.ndarray, ahead_s: float) -> np.ndarray:
    """Times expected by what followed on an earlier day (n_links,) [s]: t + profile then - profile now.

    profile_s (N_SLICES, n_links) are the provider's own pictures of that day, NaN where it drew none.
    """
    here, then = (_slice(now.moment_s + shift_s) for shift_s in (0.0, ahead_s))
    change_s = profile_s[then] - profile_s[here]
    return np.asarray(now.travel_time_s + np.nan_to_num(change_s))


def _slice(moment_s: float) -> int:
    return min(max(int(moment_s // SLICE_S), 0), N_SLICES - 1)
