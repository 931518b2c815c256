"""What every fleet of sensors is: where it stands, whose it is, and what one step shows it.

Names follow the OGC SensorThings API: the dataset's columns are those of an Observation, the links are
its features of interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from twin.kernels.devices import Devices
from twin.kernels.observe import LinkExits
from twin.kernels.random import key_of
from twin.knowledge.datasets import Dataset, Observations
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.variables import Variable, register

register(
    Variable("devices.pending_veh", ("sensor",), "int64", "veh",
             "vehicles a counter detected since its last report", "knowledge", "owner of the fleet"),
    *(Variable(f"devices.{name}", ("sensor",), dtype, unit, what, "truth", "the fleet itself")
      for name, dtype, unit, what in (
          ("feature", "int32", "feature row", "what a device observes"),
          ("gateway", "int16", "gateway row", "gateway that hears it best, -1 none"),
          ("spreading", "uint8", "1", "spreading factor of its packets, 0 another radio"),
          ("heard", "float32", "share", "packets that a gateway hears"),
          ("charge_pah", "int64", "pAh", "charge left, -1 on the mains"),
          ("drift", "float32", "1", "how far it has drifted"),
          ("bad", "uint8", "1", "whether its link is bad"),
          ("fails_at_s", "int32", "s", "when it will fail"),
          ("visit_at_s", "int32", "s", "when a crew will be done with it"),
          ("down_since_s", "int32", "s", "since when it is down"),
          ("visited_at_s", "int32", "s", "when a crew was last there"),
          ("n_visits", "uint16", "visits", "visits so far"),
          ("n_arrived", "uint16", "observations", "reached their owner"),
          ("n_lost", "uint16", "observations", "lost on the way"),
          ("n_down", "uint16", "observations", "not made, the device was down"),
          ("error_sq", "float32", "squared unit", "errors of those that arrived, summed"),
          ("units", "float32", "devices", "devices at the spot"),
      )),
    Variable("devices.cut", ("sensor", "interval"), "uint8", "1", "what outages leave a device", "truth",
             "the fleet itself"),
    *(Variable(f"devices.{name}", ("spreading factor",), "int64", unit, what, "policy", "owner of the fleet")
      for name, unit, what in (("send_pah", "pAh", "charge that a packet takes"),
                               ("send_every", "intervals", "intervals for each packet"))),
)  # fmt: skip


class PlaceSite(NamedTuple):
    """Where a fleet may stand in buildings.

    candidates int32 (n_candidates,) rows of places; all others (n_places,): place_key uint64, points
    int32 delivery points, street and station int32: the link and the power station that serve the place,
    -1 none.
    """

    candidates: np.ndarray
    place_key: np.ndarray
    points: np.ndarray
    street: np.ndarray
    station: np.ndarray


class Spots(NamedTuple):
    """Where devices of a kind may stand, among features of one type.

    candidates int32 (n_candidates,) rows of features; all others (n_features,): key uint64, x_m and y_m
    float64, street int32 the link at hand, worth float64 what makes one more telling than another, units
    float64 devices that it takes. named: what the features are called.
    """

    candidates: np.ndarray
    key: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray
    street: np.ndarray
    worth: np.ndarray
    units: np.ndarray
    named: str = "links"


class Site(NamedTuple):
    """Where a fleet may stand: candidate links, and keys and classes of all links; or places; or spots.

    candidates int32 (n_candidates,) rows; link_key uint64 (n_links,); road_class int8 (n_links,).
    """

    candidates: np.ndarray
    link_key: np.ndarray
    road_class: np.ndarray
    seed: int
    places: PlaceSite | None = None
    spots: Spots | None = None
    month: int = 0
    outages: bool = False


class Consumption(Protocol):
    """What places draw from the networks."""

    def between(self, utility: str, start_ms: int, end_ms: int) -> np.ndarray:
        """Water [l] or power [kWh] drawn by each place in [start, end), (n_places,)."""


class Surroundings(Protocol):
    """What stands before devices."""

    def during(self, name: str, start_ms: int, end_ms: int) -> np.ndarray:
        """What is observed by that name in [start, end) at each feature (n_features,), NaN nothing."""


class Outages(NamedTuple):
    """Features without power, and without a mobile site (n_features,) bool."""

    no_power: np.ndarray
    no_network: np.ndarray


class StepTruth(NamedTuple):
    """What happened in one step, as far as a device on the spot could tell.

    events: links left in [start_ms, end_ms). trip_key uint64 (n_trips,); trip_sends int8 (n_trips,):
    row of the provider to which the traveller's phone sends traces, -1 none (no app, no consent);
    link_key uint64 (n_links,); period: number of the month, over which outages last; queued: vehicles in
    a queue at end_ms, with the moments at which they expect to leave: a phone knows how far it has come.
    consumption: what places draw, of any time until end_ms. surroundings: what devices stand before;
    over: whether this is a whole day that is over, of which all is known; outages by type of feature.
    """

    start_ms: int
    end_ms: int
    events: LinkExits
    trip_key: np.ndarray
    trip_sends: np.ndarray
    link_key: np.ndarray
    period: int = 0
    queued: LinkExits | None = None
    consumption: Consumption | None = None
    surroundings: Surroundings | None = None
    over: bool = False
    outages: Mapping[str, Outages] = {}


class Sharing(NamedTuple):
    """How readings leave their owner: summed over groups of at least so many delivery points.

    group int32 (n_sensors,), row of the feature of ``dataset``, -1 none; points int32 (n_sensors,).
    """

    dataset: Dataset
    group: np.ndarray
    points: np.ndarray
    least_points: int


class Tally(NamedTuple):
    """What came of each device's observations (n_devices,): arrived, lost, down; squared errors, summed."""

    n_arrived: np.ndarray
    n_lost: np.ndarray
    n_down: np.ndarray
    error_sq: np.ndarray

    @staticmethod
    def fresh(n: int) -> Tally:
        """Nothing observed yet."""
        arrived, lost, down = np.zeros((3, n), dtype=np.uint16)
        return Tally(arrived, lost, down, np.zeros(n, dtype=np.float32))


@dataclass(frozen=True)
class Fleet:
    """Sensors of one kind and one owner; key uint64 (n_sensors,), and where each stands.

    ``link`` int32 (n_sensors,) for what stands on links, ``place`` for what stands in buildings; the other
    is empty. ``settings`` are the kind's own. pending_veh (n_sensors,) is the fleet's memory between
    reports. ``sharing``: what of it may leave the owner, if anything. A fleet of devices (`DeviceSettings`)
    has a ``table`` and a ``tally``, ``units`` float32 (n_devices,) of devices at each spot, and ``cut`` uint8
    (n_devices, n_intervals), or no rows: what outages leave it. These change as well.
    """

    name: str
    kind: str
    dataset: Dataset
    link: np.ndarray
    key: np.ndarray
    settings: Any
    provider: int = -1
    pending_veh: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    place: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    sharing: Sharing | None = None
    table: Devices | None = None
    tally: Tally | None = None
    units: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    cut: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.uint8))

    @property
    def n_devices(self) -> int:
        """Sensors at their spots, 0 where nothing is placed."""
        return len(self.key) if self.table is None else len(self.table.key)

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The fleet's own dataset, and that of aggregates where there is one."""
        return (self.dataset,) if self.sharing is None else (self.dataset, self.sharing.dataset)


class SensorKind(Protocol):
    """What the registry family ``sensor`` expects of a kind."""

    def deploy(self, order: SensorFleet, site: Site, parameters: Parameters, provider: int) -> Fleet:
        """Place the fleet that a scenario orders; provider is the row of its owner, -1 if it is none."""

    def observe(self, fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
        """What the fleet reports of a step; rows go to the fleet's dataset."""


def sensor_keys(name: str, link_key: np.ndarray) -> np.ndarray:
    """Random keys of the sensors of a fleet on some links: two fleets on one link err independently."""
    return np.bitwise_xor(np.asarray(link_key, dtype=np.uint64), key_of(f"fleet {name}"))
