"""False data in the model: which datastreams faults and attacks reach, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Observations
from twin.scenario.false_data import PHONES_ONLY, FalseObservations
from twin.security.falsifier import Falsifier, Queue, TimeWindow
from twin.security.stealthy import hidden_stream
from twin.sensing.fleets import Fleet
from twin.territory.select import select_links
from twin.territory.select_places import select_places

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

_OWNED = stream_of("security.owned")


@dataclass(eq=False)
class FalseData:
    """Faults and attacks of the day, each made as its fleet is placed; see `falsified`."""

    orders: tuple[FalseObservations, ...] = ()
    made: dict[int, Falsifier] = field(default_factory=dict)

    def make(self, model: TwinModel, fleets: Sequence[Fleet]) -> None:
        """Find what each reaches among the fleets as they stand today."""
        by_name = {fleet.name: fleet for fleet in fleets}
        self.made = {
            number: _falsifier(model, order, by_name[order.fleet])
            for number, order in enumerate(self.orders)
            if order.fleet in by_name
        }

    @staticmethod
    def of(model: TwinModel) -> FalseData:
        """Those in force; links that do not exist are told before the day begins."""
        orders = model.spec.orders(FalseObservations)
        for order in orders:
            if order.links is not None:
                where = order.where("links")
                select_links(order.links, model.territory.streets, model.territory.zones, where)
        return FalseData(orders)


def falsified(
    model: TwinModel, fleet: Fleet, rows: Observations, start_s: float, end_s: float
) -> Observations:
    """What a fleet observed in [start_s, end_s), as faults and attacks leave it."""
    for number, order in enumerate(model.false_data.orders):
        if order.fleet == fleet.name:
            rows = model.false_data.made[number].told(rows, start_s, end_s)
    return rows


def _falsifier(model: TwinModel, order: FalseObservations, fleet: Fleet) -> Falsifier:
    """The order with its datastreams found."""
    parameters, streets = model.parameters, model.territory.streets
    streams, key = _streams(model, order, fleet)
    size = 1.0 if order.way == "stuck" else float(parameters[f"security.{order.way}_size"])
    queue = None
    if order.way in PHONES_ONLY:
        pace = streets.free_speed_mps[streams]
        pace = np.full(len(streams), parameters["security.ghost_pace_mps"]) if order.way == "ghosts" else pace
        delay_s = float(parameters["security.ghost_delay_s"])
        queue = Queue(streets.length_m[streams] / pace, float(model.step_s), delay_s)
    made = Falsifier(
        way=order.way,
        streams=streams,
        key=key,
        span=TimeWindow(float(order.from_s), float(order.until_s)),
        size=size if order.size is None else order.size,
        seed=model.seed_,
        step=_step(fleet),
        queue=queue,
        share=float(parameters["security.spoof_share"]) if order.way == "spoof" else 1.0,
        interval_s=float(getattr(fleet.settings, "interval_s", model.step_s)),
    )
    if order.way == "stealthy":
        made.stream_veh = _stream(model, order, fleet, streams)
    return made


def _streams(model: TwinModel, order: FalseObservations, fleet: Fleet) -> tuple[np.ndarray, np.ndarray]:
    """Datastreams that are reached, ascending, and their random keys."""
    where = order.where()
    ground, streets = model.territory, model.territory.streets
    if (fleet.kind == "probe") != (order.way in PHONES_ONLY):
        right = "a fleet of devices" if fleet.kind == "probe" else "PROVIDER.probes"
        raise InputError(f"{where}: fleet", f"{order.way} does not suit {fleet.name!r}", right)
    at_places = fleet.dataset.feature == "place"
    if (order.links if at_places else order.places) is not None:
        refused, right = ("links", "places") if at_places else ("places", "links")
        raise InputError(order.where(refused), f"{fleet.name!r} stands at {right}", right)
    if at_places:
        own, key = fleet.place.astype(np.int64), fleet.key
        if order.places is not None:
            named = select_places(
                order.places, ground.places, ground.zones, streets.communes, f"{where}: places"
            )
            own, key = own[np.isin(own, named)], key[np.isin(own, named)]
    else:
        phones = fleet.kind == "probe"
        own = np.arange(streets.n_links) if phones else fleet.link.astype(np.int64)
        key = streets.link_key if phones else fleet.key
        if order.links is not None:
            named = select_links(order.links, streets, ground.zones, f"{where}: links")
            own, key = own[np.isin(own, named)], key[np.isin(own, named)]
    if not own.size:
        given = next((each for each in ("places", "links") if getattr(order, each) is not None), "fleet")
        right = "links or places with its devices"
        raise InputError(order.where(given), f"nothing of {fleet.name!r} stands there", right)
    if order.count is not None:
        if order.count > own.size:
            what = f"{order.count} of {own.size} datastreams of {fleet.name!r} there"
            raise InputError(order.where("count"), what, f"at most {own.size}")
        drawn = np.lexsort((key, uniforms(model.seed_, _OWNED, key)))[: order.count]
        own, key = own[np.sort(drawn)], key[np.sort(drawn)]
    order_of = np.argsort(own, kind="stable")
    return own[order_of], key[order_of]


def _step(fleet: Fleet) -> float:
    """The least step of a fleet's results: whole vehicles, a meter's own, none for phones."""
    return 0.0 if fleet.kind == "probe" else float(getattr(fleet.settings, "step", 1.0))


def _stream(model: TwinModel, order: FalseObservations, fleet: Fleet, streams: np.ndarray) -> np.ndarray:
    """How often the hidden stream passes each owned counter (n,)."""
    streets = model.territory.streets
    owned, barred = np.zeros((2, streets.n_links), dtype=np.bool_)
    owned[streams] = True
    barred[fleet.link] = True
    barred |= model.manager.unused
    barred &= ~owned
    gates = model.territory.gateways.node
    stream = hidden_stream(streets.tail, streets.head, gates, barred, owned)
    if not stream.any():
        where = order.where("links")
        right = "links along a road that crosses the territory"
        raise InputError(where, "no way from gate to gate passes these counters alone", right)
    return np.asarray(stream[streams])
