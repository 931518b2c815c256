"""Where sensors stand: on links drawn at random, or on the greatest roads first."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.scenario.actors import SensorFleet
from twin.sensing.devices import Site

RULES = ("random", "class")
_PLACE = stream_of("sensing.placement")


def place(order: SensorFleet, site: Site) -> np.ndarray:
    """Rows of the links that get a sensor, ascending (n_sensors,) int32.

    Without a count every named link gets one. With a count, links are taken in an order that belongs to
    them (their key's draw; by rule ``class`` the greater road class first), so that the links of 20
    sensors are among those of 30, whatever the rows. The rule is ``options = {placement = "random"}``.
    """
    where = f"sensor_fleet {order.name!r}"
    if order.places is not None or order.share is not None:
        key = "places" if order.places is not None else "share"
        raise InputError(f"{where}: {key}", f"a {order.kind} stands on links", "links, count, or both")
    candidates = np.unique(np.asarray(site.candidates, dtype=np.int32))
    if order.count is None:
        if order.links is None:
            raise InputError(where, "says neither where nor how many", "links, count, or both")
        return candidates
    if order.count > len(candidates):
        raise InputError(f"{where}: count", f"{order.count} sensors for {len(candidates)} links",
                         f"at most {len(candidates)}")  # fmt: skip
    rule = order.options.get("placement", "class")
    if rule not in RULES:
        raise InputError(f"{where}: options.placement", f"no rule {rule!r}", "one of " + ", ".join(RULES))
    draw = uniforms(site.seed, _PLACE, site.link_key[candidates])
    rank = site.road_class[candidates] if rule == "class" else np.zeros(len(candidates), dtype=np.int8)
    return np.sort(candidates[np.lexsort((site.link_key[candidates], draw, rank))[: order.count]])
