"""What the day was to the streets: kilometres, through traffic, concentration, saturation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.clock import SLICE_S
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.once import once
from twin.indicators.records import DayRecord
from twin.scenario.modifications import LOCAL_CLASSES
from twin.territory.schools import near_schools, schools_named
from twin.territory.tables import ROAD_CLASSES

RESIDENTIAL = tuple(ROAD_CLASSES.index(name) for name in ("residential", "living_street"))
LOCAL = tuple(ROAD_CLASSES.index(name) for name in LOCAL_CLASSES)


@indicator("veh km", "lower", TRAFFIC, extensive=True)
def vehicle_km(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres driven on the links of the focus: ``sum(flow x length)``."""
    return {EVERYBODY: float(link_km(record)[focus.links(record)].sum())}


@indicator("veh km", "lower", TRAFFIC, extensive=True)
def vehicle_km_residential(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres driven on residential and living streets of the focus."""
    return {EVERYBODY: float(link_km(record)[focus.links(record) & residential(record)].sum())}


@indicator("veh km", "lower", TRAFFIC, extensive=True)
def vehicle_km_of_people(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres driven by the people of the focus, wherever they drive."""
    return {EVERYBODY: float(record.route_km[focus.trips(record) & record.by_car].sum())}


@indicator("veh km", "lower", TRAFFIC, extensive=True)
def through_vehicle_km_in_focus(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres on the links of the focus by trips with neither end there; also by guided ones alone."""
    km, guided = (float(_km(record, flow).sum()) for flow in _through_flow(record, focus))
    return {EVERYBODY: km, "guided:yes": guided, "guided:no": km - guided}


@indicator("veh km", "lower", (*TRAFFIC, "scenario.school_distance_m"), extensive=True)
def through_vehicle_km_near_homes_and_schools(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres on local streets of the focus with homes or near schools, by trips with neither end there.

    A street has a home on it where a dwelling opens to it; how near a school is, the ledger says.
    """
    streets, places = record.territory.streets, record.territory.places
    links = focus.links(record) & np.isin(streets.road_class, LOCAL)
    opens_to = places.access_link[(places.dwellings > 0) & (places.access_link >= 0)]
    n_nodes = streets.n_nodes
    ends = (streets.tail.astype(np.int64) * n_nodes + streets.head)[opens_to]
    homes = np.isin(streets.head.astype(np.int64) * n_nodes + streets.tail, ends)  # the way back, too
    homes[opens_to] = True
    within_m = float(record.parameters["scenario.school_distance_m"])
    schools = near_schools(streets, places, schools_named(places), within_m).any(axis=0)
    flow = np.where(links & (homes | schools), _through_flow(record, focus)[0], 0)
    km = _km(record, flow)
    return {
        EVERYBODY: float(km.sum()),
        "near:homes": float(km[homes].sum()),
        "near:schools": float(km[schools].sum()),
    }


@indicator("share", "lower", TRAFFIC)
def through_share_of_residential(record: DayRecord, focus: Focus) -> Groups:
    """Share of the kilometres on residential and living streets driven by trips with neither end there."""
    links = focus.links(record) & residential(record)
    through, every = (
        float(_km(record, np.where(links, flow, 0)).sum())
        for flow in (_through_flow(record, focus)[0], _every_flow(record))
    )
    return {EVERYBODY: ratio(through, every)}


@indicator("veh h", "lower", TRAFFIC, extensive=True)
def link_delay(record: DayRecord, focus: Focus) -> Groups:
    """Hours lost on the links of the focus: ``sum(time - flow x free-flow time)``."""
    streets, links = record.territory.streets, focus.links(record)
    free_s = record.link_flow_veh * streets.free_flow_time_s
    return {EVERYBODY: float((record.link_time_s - free_s)[links].sum()) / 3_600.0}


@indicator("km/h", "none", TRAFFIC)
def mean_speed(record: DayRecord, focus: Focus) -> Groups:
    """Space-mean speed on the links of the focus: vehicle-km over vehicle-h (Edie 1963)."""
    links = focus.links(record)
    return {EVERYBODY: ratio(link_km(record)[links].sum(), record.link_time_s[links].sum() / 3_600.0)}


@indicator("ratio", "none", TRAFFIC)
def flow_concentration(record: DayRecord, focus: Focus) -> Groups:
    """Gini coefficient of link flows, unused links counted: 0 all alike, towards 1 all on one.

    ``2 sum(i x_i) / (n sum(x)) - (n + 1) / n`` with flows x sorted upwards (Gini 1912; Sen 1973).
    """
    flow = np.sort(record.link_flow_veh[focus.links(record)])
    n, total = flow.shape[0], float(flow.sum())
    if not total:
        return {}
    ranked = float((np.arange(1, n + 1) * flow).sum())
    return {EVERYBODY: 2.0 * ranked / (n * total) - (n + 1) / n}


@indicator("share", "none", (*TRAFFIC, "indicators.busiest_links_share"))
def flow_on_busiest_links(record: DayRecord, focus: Focus) -> Groups:
    """Share of all link passages on the busiest links (a tenth of them, rounded up)."""
    flow = np.sort(record.link_flow_veh[focus.links(record)])[::-1]
    n_busiest = int(np.ceil(flow.shape[0] * record.parameters["indicators.busiest_links_share"] - 1e-9))
    return {EVERYBODY: ratio(flow[:n_busiest].sum(), flow.sum())}


@indicator("link h", "lower", (*TRAFFIC, "indicators.saturation_share"), extensive=True)
def saturated_links(record: DayRecord, focus: Focus) -> Groups:
    """Hours summed over links in which the flow out was near capacity (quarters of an hour)."""
    limit = record.territory.streets.flow_capacity_vps * SLICE_S
    saturated = record.exits >= record.parameters["indicators.saturation_share"] * limit
    return {EVERYBODY: float(saturated[:, focus.links(record)].sum()) * SLICE_S / 3_600.0}


@indicator("cycles", "lower", TRAFFIC)
def rotations(record: DayRecord, focus: Focus) -> Groups:
    """Deadlocked cycles of full links turned by one vehicle; of the whole area only."""
    return {EVERYBODY: float(record.rotations)} if focus.is_whole else {}


def link_km(record: DayRecord) -> NDArray[np.float64]:
    """(n_links,) vehicle-km on each link."""
    km: NDArray[np.float64] = record.link_flow_veh * record.territory.streets.length_m / 1_000.0
    return km


def residential(record: DayRecord) -> NDArray[np.bool_]:
    """(n_links,) residential and living streets."""
    return np.isin(record.territory.streets.road_class, RESIDENTIAL)


@once
def _through_flow(record: DayRecord, focus: Focus) -> NDArray[np.int64]:
    """(2, n_links) on the links of the focus, trips with neither end there; of these, guided ones."""
    there = np.flatnonzero(focus.links(record)[record.event_link])  # first by links: a focus has few of them
    through = there[focus.through_trips(record)[record.event_trip[there]]]
    guided = through[record.guided[record.event_trip[through]]]
    return np.stack([_flow(record, through), _flow(record, guided)])


@once
def _every_flow(record: DayRecord) -> NDArray[np.int64]:
    return _flow(record, slice(None))


def _flow(record: DayRecord, events: NDArray[np.int64] | slice) -> NDArray[np.int64]:
    """(n_links,) how many of those events are on each link."""
    return np.bincount(record.event_link[events], minlength=record.territory.streets.n_links)


def _km(record: DayRecord, flow: NDArray[np.int64]) -> NDArray[np.float64]:
    """Vehicle-km on each link (n_links,) of a flow over it."""
    km: NDArray[np.float64] = flow * record.territory.streets.length_m / 1_000.0
    return km
