"""What stands before devices: truth of the simulation at links, places and nodes, interval by interval."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from twin.clock import MS, SLICE_MS, middle_of_month
from twin.conditions.daylight import dark_share, sun_hours
from twin.indicators.utilities_record import UtilitiesRecord
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.mobility.curves import factors_of
from twin.mobility.emissions import PassageColumns, day_emissions
from twin.mobility.passages import Passages
from twin.mobility.sound import HEAVY, LIGHT, kerb_level_db, line_energy
from twin.mobility.street_air import street_concentration
from twin.model.crew_roads import nearest_usable_links
from twin.model.device_ways import MapWays, likely_depot
from twin.model.metering import consumption_of_day, stations_of
from twin.model.state import Access
from twin.routing.kerbs import other_directions
from twin.routing.topology import usable_in
from twin.scenario.vehicles import LORRY
from twin.sensing.devices import Outages, Spots
from twin.sensing.visits import Visits
from twin.territory.tables import Floats, Ints
from twin.units import KMH_PER_MPS, S_PER_H
from twin.utilities.waste import Bins

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

_EQUIPPED = stream_of("mobility.equipped")


class DeviceGround:
    """Truth for the devices of a day, where they stand, and what crews do for them.

    `during` answers of the day so far; `close` adds what is reckoned when it is over. ``spots`` and
    ``visits`` go by the fleet's name, ``gateways`` by the owner's.
    """

    def __init__(self, model: TwinModel) -> None:
        self.model = model
        self.spots: dict[str, Spots] = {}
        self.visits: dict[str, Visits] = {}
        self.gateways: dict[str, int] = {}
        self._state: Access | None = None
        self._kept: dict[tuple[str, int, int], np.ndarray] = {}
        self._utilities: UtilitiesRecord | None = None

    def begin(self, state: Access) -> None:
        """A step has ended, and may be looked at."""
        self._state, self._kept = state, {}

    def close(self, record: UtilitiesRecord | None) -> None:
        """The day is over, and this is what its utility networks did."""
        self._utilities, self._kept = record, {}

    def during(self, name: str, start_ms: int, end_ms: int) -> np.ndarray:
        """What is observed by that name in [start, end) at each feature (n_features,), NaN nothing."""
        asked = (name, start_ms, end_ms)
        if asked not in self._kept:
            self._kept[asked] = np.asarray(getattr(self, f"_{name}")(start_ms, end_ms), dtype=np.float64)
        return self._kept[asked]

    def outages(self, state: Access) -> dict[str, Outages]:
        """Who is without power or mobile site in this step, by type of feature; nothing if all is well."""
        found = state.utilities
        if not found.known or not self.spots:
            return {}
        street = self.street_of_nodes
        return {
            "link": Outages(found.unlit, found.silent),
            "place": Outages(found.place_silent, found.place_silent),
            "node": Outages(found.unlit[street], found.silent[street]),
        }

    @cached_property
    def depot(self) -> int:
        """The link at which crews for devices set off."""
        return likely_depot(self.model.territory)

    @cached_property
    def ways(self) -> MapWays:
        """Ways between links, as crews for devices know them."""
        return MapWays(self.model.roads, self.model.territory.streets.length_m)

    @cached_property
    def street_of_nodes(self) -> Ints:
        """The link nearest to each utility node (n_nodes,)."""
        nodes, streets = self.model.territory.utilities.nodes, self.model.territory.streets
        return nearest_usable_links(streets, usable_in(self.model.roads.topology), nodes.lon, nodes.lat)

    @cached_property
    def _other(self) -> Ints:
        streets = self.model.territory.streets
        return other_directions(streets.tail, streets.head, streets.length_m)

    def _both_ways(self, of_links: Floats) -> Floats:
        """What both directions of a street give together (n_links,)."""
        back = np.where(self._other >= 0, of_links[self._other], 0.0)
        return np.asarray(of_links + back)

    def _passages(self, start_ms: int, end_ms: int) -> Passages:
        """Links left in [start, end)."""
        assert self._state is not None
        n_parts = -(-(end_ms - start_ms) // (self.model.step_s * MS))
        found = Passages.join(self._state.log.parts[-n_parts:])
        return found.of((found.exit_ms >= start_ms) & (found.exit_ms < end_ms))

    def _count(self, passages: Passages, weights: np.ndarray | None = None) -> Floats:
        n = self.model.territory.streets.n_links
        return np.bincount(passages.link, weights=weights, minlength=n).astype(np.float64)

    def _flow(self, start_ms: int, end_ms: int) -> Floats:
        return self._count(self._passages(start_ms, end_ms))

    def _mean_time(self, passages: Passages) -> Floats:
        spent_s = (passages.exit_ms - passages.enter_ms) / MS
        veh = self._count(passages)
        return np.where(veh > 0.0, self._count(passages, spent_s) / np.maximum(veh, 1.0), np.nan)

    def _travel_time(self, start_ms: int, end_ms: int) -> Floats:
        return self._mean_time(self._passages(start_ms, end_ms))

    def _equipped_time(self, start_ms: int, end_ms: int) -> Floats:
        """Mean time of vehicles with a Bluetooth device, the same vehicles on every link."""
        passages, model = self._passages(start_ms, end_ms), self.model
        assert self._state is not None
        draw = uniforms(model.seed_, _EQUIPPED, self._state.loader.vehicles.key)
        share = float(model.parameters["sensing.equipped_share"])
        return self._mean_time(passages.of(draw[passages.trip] < share))

    def _nox(self, start_ms: int, end_ms: int) -> Floats:
        """Air beside the street, of what both directions emitted; buses and shared vehicles are left out."""
        model, streets = self.model, self.model.territory.streets
        passages = self._passages(start_ms, end_ms)
        of_trips = passages.of(passages.trip < model.n_trips)
        columns = PassageColumns(of_trips.trip, of_trips.link, of_trips.enter_ms, of_trips.exit_ms)
        emitted = day_emissions(columns, model.trip_vehicles, streets.length_m, factors_of(model.parameters))
        both = self._both_ways(emitted.by_link["nox_g"])
        return street_concentration(both, streets.length_m, (end_ms - start_ms) / MS, model.parameters)

    def _sound(self, start_ms: int, end_ms: int) -> Floats:
        """Level beside the street, of both directions; whatever is no trip's vehicle counts as heavy."""
        model, streets = self.model, self.model.territory.streets
        passages, hours = self._passages(start_ms, end_ms), (end_ms - start_ms) / MS / S_PER_H
        classes = model.trip_vehicles.vehicle_class
        heavy = np.ones(len(passages.trip), dtype=np.bool_)
        of_trips = passages.trip < model.n_trips
        heavy[of_trips] = classes[passages.trip[of_trips]] >= LORRY
        energy = np.zeros(streets.n_links)
        for group, mine in ((LIGHT, ~heavy), (HEAVY, heavy)):
            some = passages.of(mine)
            speed = streets.length_m / self._mean_time(some) * KMH_PER_MPS
            energy += line_energy(self._count(some) / hours, speed, group, model.parameters)
        beside, still = (
            float(model.parameters[f"emissions.sound_{each}"]) for each in ("beside_m", "background")
        )
        return kerb_level_db(self._both_ways(energy), beside, still)

    def _parked(self, start_ms: int, end_ms: int) -> Floats:
        assert self._state is not None
        assert self.model.parking is not None
        free = self._state.parking.free
        return np.asarray(self.model.parking.supply.spaces - free, dtype=np.float64)

    def _lamp(self, start_ms: int, end_ms: int) -> Floats:
        """Mean power of a lamp of each street; out where there is no power."""
        rise_h, set_h = self._sun_h
        dark = dark_share(rise_h, set_h, start_ms / MS / S_PER_H, end_ms / MS / S_PER_H)
        power = np.full(
            self.model.territory.streets.n_links, dark * self.model.parameters["utilities.lamp_w"]
        )
        assert self._state is not None
        utilities = self._state.utilities
        return np.where(utilities.unlit, 0.0, power) if utilities.known else power

    def _dimness(self, start_ms: int, end_ms: int) -> Floats:
        """Share of the span that is dark, all of it in an hour of rain (1,)."""
        start_h, end_h = start_ms / MS / S_PER_H, end_ms / MS / S_PER_H
        today = self.model.conditions
        if today is not None and today.weather.rain_mm_per_h[int(start_h)] > 0.0:
            return np.ones(1)
        return np.array([dark_share(*self._sun_h, start_h, end_h)])

    @cached_property
    def _sun_h(self) -> tuple[float, float]:
        model, streets = self.model, self.model.ground.streets
        today = model.conditions
        date = middle_of_month(model.month) if today is None else today.calendar.date
        return sun_hours(date, float(streets.node_lon.mean()), float(streets.node_lat.mean()))

    def _present(self, start_ms: int, end_ms: int) -> Floats:
        """People who work or visit there; who is at home passes no counter."""
        assert self._state is not None
        found = consumption_of_day(self.model, self._state.itineraries).presence(start_ms, end_ms)
        return np.asarray((found.at_work_s + found.visiting_s) / ((end_ms - start_ms) / MS))

    def _station_power(self, start_ms: int, end_ms: int) -> Floats:
        """Mean power of transformer stations by what their places draw; none where a station is down."""
        assert self._state is not None
        kwh = consumption_of_day(self.model, self._state.itineraries).between("power", start_ms, end_ms)
        station, n = self._stations, self.model.territory.utilities.nodes.n_nodes
        known = station >= 0
        kw = np.bincount(station[known], weights=kwh[known], minlength=n) / (
            (end_ms - start_ms) / MS / S_PER_H
        )
        utilities = self._state.utilities
        return kw * utilities.level[:n] if utilities.known else kw

    @cached_property
    def _stations(self) -> Ints:
        return stations_of(self.model.territory)

    def _fill(self, start_ms: int, end_ms: int) -> Floats:
        assert self._state is not None
        return self._bins.fill(consumption_of_day(self.model, self._state.itineraries), end_ms)

    @cached_property
    def _bins(self) -> Bins:
        model, places = self.model, self.model.territory.places
        home = model.population.persons.home
        residents = np.bincount(home[home >= 0], minlength=places.n_places)
        return Bins(residents, keys_of(places.place_id), model.parameters, model.seed_)

    def _quarters(self, columns: np.ndarray, start_ms: int, end_ms: int) -> Floats:
        """Mean over quarters of an hour (n_columns,); the last known one goes on."""
        first, last = (
            start_ms // SLICE_MS,
            max(end_ms // SLICE_MS, start_ms // SLICE_MS + 1),
        )
        rows = np.minimum(np.arange(first, last), len(columns) - 1)
        return np.asarray(columns[rows].mean(axis=0, dtype=np.float64))

    def _pressure(self, start_ms: int, end_ms: int) -> Floats:
        assert self._utilities is not None
        found = np.full(self.model.territory.utilities.nodes.n_nodes, np.nan)
        found[self._utilities.water_node] = self._quarters(self._utilities.pressure_m, start_ms, end_ms)
        return found

    def _heat(self, start_ms: int, end_ms: int) -> Floats:
        assert self._utilities is not None
        return self._quarters(self._utilities.served_heat_kw, start_ms, end_ms)
