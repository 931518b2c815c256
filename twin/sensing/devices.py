"""What every fleet of sensors is: where it stands, whose it is, and what one step shows it.

Names follow the OGC SensorThings API: the dataset's columns are those of an Observation, the links are
its features of interest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from twin.kernels.observe import Events
from twin.kernels.random import key_of
from twin.knowledge.datasets import Dataset, Observations
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.variables import Variable, register

register(
    Variable("devices.pending_veh", ("sensor",), "int64", "veh",
             "vehicles a counter detected since its last report", "knowledge", "owner of the fleet"),
)  # fmt: skip


class Site(NamedTuple):
    """Where a fleet may stand: candidate links, and keys and classes of all links.

    candidates int32 (n_candidates,) rows; link_key uint64 (n_links,); road_class int8 (n_links,).
    """

    candidates: np.ndarray
    link_key: np.ndarray
    road_class: np.ndarray
    seed: int


class StepTruth(NamedTuple):
    """What happened in one step, as far as a device on the spot could tell.

    events: links left in [start_ms, end_ms). trip_key uint64 (n_trips,); trip_sends int8 (n_trips,):
    row of the provider to which the traveller's phone sends traces, -1 none (no app, no consent);
    link_key uint64 (n_links,); period: number of the month, over which outages last; queued: vehicles in
    a queue at end_ms, with the moments at which they expect to leave: a phone knows how far it has come.
    """

    start_ms: int
    end_ms: int
    events: Events
    trip_key: np.ndarray
    trip_sends: np.ndarray
    link_key: np.ndarray
    period: int = 0
    queued: Events | None = None


@dataclass(frozen=True)
class Fleet:
    """Sensors of one kind and one owner; link int32 and key uint64 (n_sensors,).

    ``settings`` are the kind's own. pending_veh (n_sensors,) is the fleet's memory between reports, the
    only part of it that changes.
    """

    name: str
    kind: str
    dataset: Dataset
    link: np.ndarray
    key: np.ndarray
    settings: Any
    provider: int = -1
    pending_veh: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def n_sensors(self) -> int:
        """Number of devices that stand somewhere; 0 for phones, which move."""
        return len(self.link)


class SensorKind(Protocol):
    """What the registry family ``sensor`` expects of a kind."""

    def deploy(self, order: SensorFleet, site: Site, parameters: Parameters, provider: int) -> Fleet:
        """Place the fleet that a scenario orders; provider is the row of its owner, -1 if it is none."""

    def observe(self, fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
        """What the fleet reports of a step; rows go to the fleet's dataset."""


def sensor_keys(name: str, link_key: np.ndarray) -> np.ndarray:
    """Random keys of the sensors of a fleet on some links: two fleets on one link err independently."""
    return np.bitwise_xor(np.asarray(link_key, dtype=np.uint64), key_of(f"fleet {name}"))
