"""Ways of crews to devices: by the map's times and lengths, as who has no calculator knows them."""

from __future__ import annotations

import numpy as np

from twin.kernels.paths import BLOCKED
from twin.mobility.network import Roads
from twin.routing.search import bounds_to, times_between
from twin.territory.territory import Territory


def likely_depot(territory: Territory) -> int:
    """The link at most jobs: where the city's own depot may be."""
    places = territory.places
    jobs = np.bincount(places.access_link, weights=places.jobs, minlength=territory.streets.n_links)
    return int(np.argmax(jobs))


class MapWays:
    """Seconds and metres between links (n,), each (n, n); infinite where there is no way."""

    def __init__(self, roads: Roads, length_m: np.ndarray) -> None:
        self._topology, self._free_ms = roads.topology, roads.free_ms
        self._length_mm = np.rint(length_m * 1_000.0).astype(np.int32)

    def __call__(self, links: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From each link to each, as `twin.sensing.visits.Ways`."""
        spent, length = (self._between(links, each) / 1_000.0 for each in (self._free_ms, self._length_mm))
        return spent, length

    def _between(self, links: np.ndarray, weight: np.ndarray) -> np.ndarray:
        bounds = bounds_to(self._topology, weight, links)
        cost = times_between(self._topology, bounds, links[:, None], links)
        ends = (weight[links][:, None] + weight[links]) / 2.0
        apart = np.where(cost >= BLOCKED, np.inf, cost + ends)
        apart[links[:, None] == links] = 0.0
        return np.asarray(apart)
