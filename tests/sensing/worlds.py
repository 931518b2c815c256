"""Small streets under observation: keys of links and trips, events of one step, orders of fleets."""

from __future__ import annotations

import numpy as np

from twin.kernels.observe import LinkExits
from twin.kernels.random import keys_of
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.scenario.selectors import LinkSelector
from twin.sensing.fleets import Fleet, Site, StepTruth, deploy

LEDGER = Parameters.defaults()
SOUND = LEDGER.replaced({"sensing.counter_good_share": 1.0})
"""The ledger, with every counter in order."""


def link_keys(n_links: int) -> np.ndarray:
    return keys_of(np.array([f"1:{k}:{k + 1}" for k in range(n_links)]))


def site(n_links: int, seed: int = 1) -> Site:
    road_class = (np.arange(n_links) % 3).astype(np.int8)
    return Site(np.arange(n_links, dtype=np.int32), link_keys(n_links), road_class, seed)


def counters(n_links: int, parameters: Parameters = SOUND, **order: object) -> Fleet:
    """Counters on every link."""
    defaults = {
        "name": "loops", "kind": "road_counter", "owner": "city", "links": LinkSelector(ref="A8"),
        "interval_s": 300.0, "sampling": 1.0, "noise": 0.0, "loss": 0.0, "delay_s": 60.0,
    }  # fmt: skip
    fleet = SensorFleet.model_validate({**defaults, **order})
    return deploy(fleet, site(n_links), parameters)


def phones(**order: object) -> Fleet:
    """The phones of the users of provider 0."""
    defaults = {"name": "swift.probes", "kind": "probe", "owner": "swift"}
    defaults |= {"sampling": 1.0, "noise": 0.0, "delay_s": 0.0}
    fleet = SensorFleet.model_validate({**defaults, **order})
    return deploy(fleet, site(0), LEDGER, provider=0)


def random_events(n_events: int, n_trips: int, n_links: int, until_ms: int = 300_000) -> LinkExits:
    """Passages spread over trips, links and the step; different every row."""
    rows = np.arange(n_events, dtype=np.int64)
    exit_ms = rows * 7_919 % until_ms
    return LinkExits(
        trip=(rows % n_trips).astype(np.int32),
        link=(rows // n_trips % n_links).astype(np.int32),
        enter_ms=exit_ms - 1_000 - rows * 104_729 % 60_000,
        exit_ms=exit_ms,
    )


def step(
    events: LinkExits, n_trips: int, n_links: int, start_ms: int = 0, end_ms: int = 300_000
) -> StepTruth:
    """One step in which all travellers send to provider 0."""
    trip_key = keys_of(np.arange(n_trips).astype(str))
    return StepTruth(start_ms, end_ms, events, trip_key, np.zeros(n_trips, np.int8), link_keys(n_links))
