"""Who drives from where to where, from counts: a matrix of origins and destinations by least squares.

The city's model says which part of each pair's trips passes a link, and how many trips are usual; counts of a
day move the matrix (Cascetta 1984). Few links say much of pairs between gates, little of pairs within a zone.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, diags_array

from twin.knowledge.gls import Estimated, moved_to_readings


def link_shares(passed: csr_array, trips: np.ndarray) -> csr_array:
    """Part of the trips of each pair that leaves each link (n_links, n_pairs), from a model's days."""
    with np.errstate(divide="ignore"):
        per_trip = np.where(trips > 0.0, 1.0 / trips, 0.0)
    return csr_array(passed @ diags_array(per_trip))


def matrix_from_counts(
    usual: np.ndarray,
    usual_share: float,
    shares: csr_array,
    counted: tuple[np.ndarray, np.ndarray, np.ndarray],
    assignment_share: float,
) -> Estimated:
    """Trips by pair (n_pairs,) from a day's counts: (rows of links, vehicles, variances).

    A pair may differ from its usual trips by ``usual_share`` and by chance; a count from what the model sends
    over its link by ``assignment_share``, for people choose other routes than the model's.
    """
    link, vehicles, variance = counted
    prior_variance = (usual_share * usual) ** 2 + usual
    of_routes = (assignment_share * np.maximum(vehicles, 1.0)) ** 2
    told = moved_to_readings(usual, prior_variance, shares[link], vehicles, variance + of_routes)
    return Estimated(np.maximum(told.value, 0.0), told.variance)
