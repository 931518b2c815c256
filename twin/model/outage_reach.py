"""Which utility nodes serve streets, places and owners of data, and who is without when they fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.mobility.network import Roads
from twin.mobility.signals import junctions_of
from twin.model.utility_state import Servers, UtilityState
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints
from twin.territory.territory import Territory
from twin.territory.utilities.tables import POWER, TELECOM
from twin.units import S_PER_MIN
from twin.utilities.spans import RUNNING

HALF = 0.5
"""Who is without for half of a step or more is without through all of it: its share is rounded to 0 or 1."""


@dataclass(frozen=True)
class OutageReach:
    """Node rows, -1 where there is none: of links (n_links,) power, mobile site and the signal's power; of
    places (n_places,) power and mobile site.

    `calculators`, `city` are the data centre in which providers' servers and the city's platform run, and the
    exchanges over which it is reached.
    """

    power: Ints
    site: Ints
    signal: Ints
    place_power: Ints
    place_site: Ints
    calculators: tuple[Ints, Ints]
    city: tuple[Ints, Ints]
    battery_s: float

    def opening(self, n_elements: int) -> UtilityState:
        """Everything works."""
        n_links, n_places = len(self.power), len(self.place_power)
        unlit, dark, silent = np.zeros((3, n_links), dtype=np.bool_)
        out = np.zeros(n_links), np.zeros(n_places, dtype=np.bool_)
        return UtilityState(np.ones(n_elements), unlit, dark, silent, *out)

    def note(self, level: Floats, utilities: UtilityState, servers: Servers, step_s: float) -> None:
        """Enter who is without, by levels (n_cascade_steps, n_elements) through a step of the model."""
        utilities.level[:] = level[-1]
        utilities.unlit[:] = _without(level, self.power)
        utilities.silent[:] = _without(level, self.site)
        unpowered = _without(level, self.signal)
        utilities.unpowered_s[:] = np.where(unpowered, utilities.unpowered_s + step_s, 0.0)
        utilities.dark[:] = utilities.unpowered_s > self.battery_s
        places = _without(level, self.place_power) | _without(level, self.place_site)
        utilities.place_silent[:] = places
        servers.provider[:] = not any(_all_down(level, rows) for rows in self.calculators)
        servers.city[:] = not any(_all_down(level, rows) for rows in self.city)


def _without(level: Floats, row: Ints) -> Flags:
    down = (level < RUNNING).mean(axis=0) >= HALF
    return np.asarray(down[row] & (row >= 0))


def _all_down(level: Floats, rows: Ints) -> bool:
    return bool(len(rows)) and bool(((level[:, rows] < RUNNING).mean(axis=0) >= HALF).all())


def outage_reach_of(territory: Territory, roads: Roads, parameters: Parameters) -> OutageReach:
    """Who hangs on which node."""
    layers, streets = territory.utilities, territory.streets
    power = layers.rows_for("link", streets.link_id, POWER)
    places = territory.places.place_id
    return OutageReach(
        power=power,
        site=layers.rows_for("link", streets.link_id, TELECOM, over_air=True),
        signal=_of_signals(territory, roads, power, parameters),
        place_power=layers.rows_for("place", places, POWER),
        place_site=layers.rows_for("place", places, TELECOM, over_air=True),
        calculators=_host(territory, "calculators"),
        city=_host(territory, "control"),
        battery_s=float(parameters["utilities.signal_battery_min"]) * S_PER_MIN,
    )


def _of_signals(territory: Territory, roads: Roads, power: Ints, parameters: Parameters) -> Ints:
    """Power node of the signal at each link's end: a junction has one controller, on its first link's."""
    streets = territory.streets
    signalled = roads.signals.cycle_ms > 0
    node = np.where(signalled, power, -1)
    junction = junctions_of(streets, parameters["junctions.signal_spacing_m"])
    for number in np.unique(junction[signalled & (junction >= 0)]).tolist():
        links = np.flatnonzero((junction == number) & signalled)
        node[links] = power[links[np.argmin(streets.link_key[links])]]
    return np.asarray(node, dtype=np.int32)


def _host(territory: Territory, hosted: str) -> tuple[Ints, Ints]:
    """The data centre in which something runs, and the exchanges of which one must work to reach it."""
    layers = territory.utilities
    nodes = layers.nodes
    exchanges = np.flatnonzero((nodes.kind == "exchange") & (nodes.utility == TELECOM)).astype(np.int32)
    row = layers.nodes_of("hosted", TELECOM).get(hosted, -1)
    return np.array([row] if row >= 0 else [], dtype=np.int32), exchanges
