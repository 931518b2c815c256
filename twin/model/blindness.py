"""Who is blind or silent while networks are down: sensors, phones, providers, the city's platform."""

from __future__ import annotations

import numpy as np

from twin.indicators.records import ROAD_MANAGER
from twin.knowledge.datasets import Observations, no_observations
from twin.mobility.loading import Loader
from twin.model.utility_state import Servers, UtilityState
from twin.sensing.fleets import Fleet


def drop_lost(fleet: Fleet, rows: Observations, utilities: UtilityState, servers: Servers) -> Observations:
    """Forget what counters without power had counted, and drop reports that do not reach the fleet's owner.

    A counter without power counts nothing; without a mobile site its report is lost. A phone has a battery
    of its own and needs the site alone. What is sent to a data centre that is down is lost, too.
    """
    if not utilities.known:
        return rows
    if fleet.pending_veh.size and fleet.pending_veh.shape == fleet.link.shape:
        fleet.pending_veh[utilities.unlit[fleet.link]] = 0
    if not rows.n_rows:
        return rows
    if not _answers(fleet, servers):
        return no_observations()
    if fleet.table is not None:
        return rows  # devices went without power or network themselves
    if fleet.dataset.feature == "place":
        lost = utilities.place_silent
    elif fleet.kind == "probe":
        lost = utilities.silent
    else:
        lost = utilities.silent | utilities.unlit
    return rows.at(~lost[rows.datastream])


def _answers(fleet: Fleet, servers: Servers) -> bool:
    if fleet.provider >= 0:
        return bool(servers.provider[fleet.provider])
    return bool(servers.city[0]) if fleet.dataset.owner == ROAD_MANAGER else True


def connected(loader: Loader, rows: np.ndarray, utilities: UtilityState) -> np.ndarray:
    """Those of trips (rows) whose phone has a mobile site where they are."""
    if not utilities.known or not utilities.silent.any():
        return rows
    link = loader.link_of(rows)
    return np.asarray(rows[(link < 0) | ~utilities.silent[link]])
