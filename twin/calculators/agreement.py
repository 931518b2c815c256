"""The data agreement of a city and a provider: closures one way, filtered traffic the other.

Two-way agreements of navigation services with cities are of this form: works and closures in, jams out,
filtered and on the provider's terms.
"""

from __future__ import annotations

import numpy as np

from twin.knowledge.datasets import Dataset, Observations, observations
from twin.knowledge.estimates import latest_results
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import Right
from twin.scenario.modifications import DataAgreement


def closures_dataset(city: str) -> Dataset:
    """What the road manager has closed: 1 from the phenomenon time on, 0 when open again."""
    return Dataset.of_links(f"{city}.closures", city, "link is closed", "1 or 0", cadence_s=0.0)


def classes_dataset(city: str) -> Dataset:
    """Which links the road manager classifies as secondary, published for all: 1 from then on, else 0."""
    name = f"{city}.classes"
    return Dataset.of_links(
        name, city, "link is classed as secondary", "1 or 0", cadence_s=0.0, licence="open"
    )


def traffic_dataset(provider: str, cadence_s: float) -> Dataset:
    """Travel times that a provider would give back, of links with passages enough (a row of the ledger)."""
    name = f"{provider}.traffic"
    return Dataset.of_links(name, provider, "travel time believed", "s", cadence_s=cadence_s)


def apply_agreement(platform: DataPlatform, agreement: DataAgreement, city: str, lag_s: float) -> None:
    """Write the rights of an agreement into the platform's matrix, from the agreement's moment on."""
    if agreement.shares_closures:
        closures = platform.dataset(f"{city}.closures")
        platform.rights.grant(closures, agreement.provider, Right(since_s=float(agreement.from_s)))
    if agreement.returns_traffic:
        traffic = platform.dataset(f"{agreement.provider}.traffic")
        platform.rights.grant(traffic, city, Right(since_s=float(agreement.from_s), lag_s=lag_s))


def notices(before: np.ndarray, now: np.ndarray, moment_s: float) -> Observations:
    """What the road manager writes down when its orders change (n_links,) bool: one row a link."""
    changed = np.flatnonzero(before != now)
    return observations(changed, moment_s, moment_s, now[changed].astype(np.float64))


def known_closures(
    platform: DataPlatform, reader: str, city: str, moment_s: float, n_links: int
) -> np.ndarray:
    """Links that a reader knows to be closed at a moment (n_links,) bool; none without a right."""
    return _noticed(platform, reader, f"{city}.closures", moment_s, n_links)


def known_classes(
    platform: DataPlatform, reader: str, city: str, moment_s: float, n_links: int
) -> np.ndarray:
    """Links that a reader knows to be classed as secondary at a moment (n_links,) bool."""
    return _noticed(platform, reader, f"{city}.classes", moment_s, n_links)


def _noticed(platform: DataPlatform, reader: str, dataset: str, moment_s: float, n_links: int) -> np.ndarray:
    rows = platform.visible(reader, dataset, moment_s)
    return latest_results(rows, n_links, otherwise=0.0) > 0.0
