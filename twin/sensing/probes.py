"""Probe traces: the link passages of a provider's own users who consent, sampled, wrong and late.

A row tells the link, the moment it was left and the time it took, not who drove: the pseudonym is
dropped before anything is kept. It is personal data all the same, and stays with its owner.
"""

from __future__ import annotations

import numpy as np

from twin.clock import MS
from twin.errors import InputError
from twin.kernels.observe import LinkExits, ProbeRule, ReportedPassages, report_passages
from twin.kernels.random import stream_of
from twin.knowledge.datasets import Dataset, Observations
from twin.scenario.actors import Provider, SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.devices import Fleet, Site, StepTruth

_PROBE = stream_of("sensing.probe")


def observe_probes(
    fleet: Fleet,
    events: LinkExits,
    trip_sends: np.ndarray,
    trip_key: np.ndarray,
    link_key: np.ndarray,
    seed: int,
) -> Observations:
    """Passages among the events that reach the fleet's owner.

    trip_sends (n_trips,) bool: the traveller uses this provider and consents. Which passages arrive is
    decided by (trip, link), so the same trip shows the same links in an alternative. The measured time is
    right on average; it is late by 0 to twice the mean delay, since phones send in batches.
    """
    link = np.empty(len(events.trip), dtype=np.int32)
    out = ReportedPassages(link, *(np.empty(len(link), dtype=np.int64) for _ in range(3)))
    n = report_passages(seed, _PROBE, events, trip_sends, trip_key, link_key, fleet.settings, out)
    left_s, arrived_s, time_s = out.left_ms[:n] / MS, out.arrived_ms[:n] / MS, out.time_ms[:n] / MS
    return Observations(link[:n], left_s, arrived_s, time_s)


def fleet_of_provider(provider: Provider, row: int, parameters: Parameters) -> Fleet:
    """The phones of a provider's users, as its table in a scenario describes them; row is its own."""
    order = SensorFleet(
        name=f"{provider.name}.probes",
        kind="probe",
        owner=provider.name,
        sampling=provider.sampling,
        delay_s=provider.delay_s,
    )
    nowhere = np.empty(0, dtype=np.int32)
    return Probe().deploy(order, Site(nowhere, nowhere, nowhere, 0), parameters, row)


class Probe:
    """The kind ``probe``."""

    options: tuple[str, ...] = ()

    def deploy(self, order: SensorFleet, site: Site, parameters: Parameters, provider: int) -> Fleet:
        """Nothing is placed: phones move. The owner must be a provider."""
        if provider < 0:
            raise InputError(order.where("owner"), f"{order.owner!r} is no provider",
                             "the name of a provider: probes are its own users' phones")  # fmt: skip
        sampling = parameters["scenario.provider_sampling"] if order.sampling is None else order.sampling
        delay_s = parameters["scenario.provider_delay_s"] if order.delay_s is None else order.delay_s
        noise = parameters["sensing.probe_noise_share"] if order.noise is None else order.noise
        rule = ProbeRule(
            sent_share=float(sampling) * (1.0 - (order.loss or 0.0)),
            noise_share=float(noise),
            mean_delay_ms=round(delay_s * MS),
        )
        dataset = Dataset.of_links(order.name, order.owner, "travel time of one passage", "s",
                                   cadence_s=0.0, personal=True)  # fmt: skip
        nowhere = np.empty(0, dtype=np.int32)
        return Fleet(order.name, order.kind, dataset, nowhere, nowhere.astype(np.uint64), rule, provider)

    def observe(self, fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
        """Passages of the step's events by users who send to the fleet's owner, and users in queues now.

        Who stands in a queue reports the time that the link will have taken, from place and speed.
        """
        sends = truth.trip_sends == fleet.provider
        keys = (truth.trip_key, truth.link_key)
        passed = observe_probes(fleet, truth.events, sends, *keys, seed)
        if truth.queued is None:
            return passed
        held = observe_probes(fleet, truth.queued, sends, *keys, seed)
        now_s = truth.end_ms / MS
        late_s = held.result_time_s - held.phenomenon_time_s
        held = held._replace(phenomenon_time_s=np.full(held.n_rows, now_s), result_time_s=now_s + late_s)
        return Observations.joined([passed, held])
