"""The kinds of sensors, and the two doors of this room: deploy a fleet once, observe every step.

A kind is an object with the methods of `SensorKind` in the registry family ``sensor``; a package
outside adds one by an entry point in the group ``twin.sensor``.
"""

from __future__ import annotations

from twin.errors import InputError
from twin.knowledge.datasets import Observations
from twin.registry import Registry
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.scenario.wording import nearest
from twin.sensing.counters import RoadCounter
from twin.sensing.device_fleets import DeviceSensor
from twin.sensing.devices import Fleet, PlaceSite, SensorKind, Site, StepTruth
from twin.sensing.kinds import KINDS
from twin.sensing.meters import PowerMeter, WaterMeter, shared_readings
from twin.sensing.probes import Probe

__all__ = [
    "SENSORS",
    "Fleet",
    "PlaceSite",
    "SensorKind",
    "Site",
    "StepTruth",
    "deploy",
    "observe",
    "shared_readings",
]

SENSORS = Registry("sensor")
SENSORS.add("road_counter", RoadCounter())
SENSORS.add("probe", Probe())
SENSORS.add("water_meter", WaterMeter())
SENSORS.add("power_meter", PowerMeter())
for _name in KINDS:
    SENSORS.add(_name, DeviceSensor())


def deploy(order: SensorFleet, site: Site, parameters: Parameters, provider: int = -1) -> Fleet:
    """Place a fleet of whatever kind; provider is the row of its owner, -1 if that is none."""
    kind = _kind(order.kind, order.where("kind"))
    known = getattr(kind, "options", None)  # a kind from outside may take any
    for key in order.options:
        if known is not None and key not in known:
            right = nearest(key, known) if known else "no options"
            raise InputError(order.where("options", key), "unknown key", right)
    return kind.deploy(order, site, parameters, provider)


def observe(fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
    """What a fleet of whatever kind reports of a step; the rows go to the fleet's dataset."""
    return _kind(fleet.kind, f"sensor_fleet {fleet.name!r}: kind").observe(fleet, truth, seed)


def _kind(name: str, where: str) -> SensorKind:
    kind: SensorKind = SENSORS.get(name, where)
    return kind
