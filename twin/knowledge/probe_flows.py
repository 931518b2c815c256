"""Flows from a provider's phones: passages as aggregates, and how many vehicles stand behind a phone.

Of every vehicle on a link a share has a phone that reports to the provider: the penetration. Where the city
counts too it sees both, and the ratio of their sums is the penetration (ratio estimator; Cochran 1977,
Sampling Techniques, ch. 6); where it counts nowhere it has its usual day to hold phones against. Then
n phones on a link mean n / p vehicles, and by binomial thinning the variance is n (1 - p) / p². But a phone
passes many links, and errs on all alike: readings of m links by the same phones tell no more than one. So
variances are multiplied by the links that a phone passes (the design effect of clusters; Kish 1965, Survey
Sampling, ch. 5). That number the contract asks of the provider, one a day for an area, beside the sums: rows
of passages name no phone, so each phone says by itself at the end of a trip that it was in the area, no more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.knowledge.datasets import Observations, no_observations, observations


class Penetration(NamedTuple):
    """Share of vehicles whose phone reports, by slice (n_slices,), and its own relative deviation."""

    share: np.ndarray
    error_share: np.ndarray


def publish_passages(rows: Observations, slice_s: float, n_links: int, least_trips: int) -> Observations:
    """How many phones left each link in each slice, as a contract gives it: none of fewer than so many.

    ``rows`` are the provider's own, a row a passage; a result is there as its slice ends.

    >>> rows = observations(np.array([1, 1, 1, 0]), np.array([10.0, 20.0, 30.0, 40.0]), 50.0, 9.0)
    >>> told = publish_passages(rows, 900.0, 2, 3)
    >>> told.datastream.tolist(), told.result.tolist(), told.phenomenon_time_s.tolist()
    ([1], [3.0], [900.0])
    """
    slot = np.floor(rows.phenomenon_time_s / slice_s).astype(np.int64)
    cells, count = np.unique(slot * n_links + rows.datastream, return_counts=True)
    shown = count >= max(least_trips, 1)
    cells, count = cells[shown], count[shown]
    end_s = (cells // n_links + 1) * slice_s
    return observations(cells % n_links, end_s, end_s, count)


def publish_links_per_phone(
    rows: Observations, inside: np.ndarray, n_trips: int, end_s: float, least_trips: int
) -> Observations:
    """Links of an area that a phone passes on a trip, the mean of a day, as a contract gives it.

    ``rows`` are the provider's own passages, ``inside`` (n_links,) bool its area, ``n_trips`` the trips there
    that phones told of at their end; of fewer than ``least_trips`` nothing is published. At least 1.

    >>> rows = observations(np.array([0, 0, 1, 1, 2]), 10.0, 20.0, 9.0)
    >>> publish_links_per_phone(rows, np.array([True, True, False]), 2, 86400.0, 2).result.tolist()
    [2.0]
    """
    if n_trips < max(least_trips, 1):
        return no_observations()
    links = float(inside[rows.datastream].sum()) / n_trips
    return observations(np.zeros(1, dtype=np.int32), end_s, end_s, max(links, 1.0))


def passages_seen(
    rows: Observations, slice_s: float, shape: tuple[int, int], least_phones: float = 0.0
) -> np.ndarray:
    """Phones by slice and link, ``shape``, from published rows; NaN where none were published, or too few.

    A cell is published when by chance it has enough, so small published cells are too great on average:
    those below ``least_phones``, twice what is published at least, are left out by a careful reader.
    """
    seen = np.full(shape, np.nan)
    slot = np.rint(rows.phenomenon_time_s / slice_s).astype(np.int64) - 1
    inside = (slot >= 0) & (slot < shape[0]) & (rows.result >= least_phones)
    seen[slot[inside], rows.datastream[inside]] = rows.result[inside]
    return seen


def penetration(
    phones: np.ndarray, counted_veh: np.ndarray, usual_veh: np.ndarray, links_per_phone: float = 1.0
) -> Penetration:
    """The penetration by slice, from slices up to each one; all (n_slices, n_links), NaN where unknown.

    Phones over counts where both are known; before there is such a link, over the usual flow.
    """
    share, error = np.full(len(phones), np.nan), np.full(len(phones), np.nan)
    for slot in range(len(phones)):
        for other in (counted_veh, usual_veh):
            both = np.isfinite(phones[: slot + 1]) & np.isfinite(other[: slot + 1])
            n = float(phones[: slot + 1][both].sum())
            vehicles = float(other[: slot + 1][both].sum())
            if n > 0.0 and vehicles > 0.0:
                share[slot] = min(n / vehicles, 1.0)
                error[slot] = np.sqrt((1.0 - share[slot]) * links_per_phone / n)
                break
    return Penetration(share, error)


def flows_from_phones(
    phones: np.ndarray, share: Penetration, links_per_phone: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Vehicles and their variance (n_slices, n_links) behind so many phones, NaN where none were told.

    >>> flow, variance = flows_from_phones(np.array([[10.0]]), Penetration(np.array([0.1]), np.array([0.0])))
    >>> float(flow[0, 0]), round(float(variance[0, 0]), 6)
    (100.0, 900.0)
    """
    p = share.share[:, None]
    flow = phones / p
    thinned = links_per_phone * phones * (1.0 - p) / p**2
    return flow, thinned + (flow * share.error_share[:, None]) ** 2


def joined_readings(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Two readings with variances, each NaN where there is none, as one: weighted by how sure each is.

    >>> told = joined_readings((np.array([1.0, np.nan]), np.array([1.0, np.nan])),
    ...                        (np.array([3.0, 5.0]), np.array([1.0, 2.0])))
    >>> told[0].tolist(), told[1].tolist()
    ([2.0, 5.0], [0.5, 2.0])
    """
    weight = [np.where(np.isfinite(value), 1.0 / variance, 0.0) for value, variance in (one, other)]
    total = weight[0] + weight[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (weight[0] * np.nan_to_num(one[0]) + weight[1] * np.nan_to_num(other[0])) / total
        return value, np.where(total > 0.0, 1.0 / total, np.nan)
