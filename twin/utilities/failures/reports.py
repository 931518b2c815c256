"""What a dispatcher is told: alarms of what is watched while telecom lives, calls of who is without."""

from __future__ import annotations

import numpy as np

from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints
from twin.territory.utilities.tables import LAID, POWER, TELECOM, Utilities
from twin.units import S_PER_H, S_PER_MIN
from twin.utilities.failures.damages import Damages
from twin.utilities.failures.dispatch import Downstream
from twin.utilities.failures.inventory import Inventory, Rows, inventory_of
from twin.utilities.failures.laid import paths_of
from twin.utilities.failures.switching import FUSED, feeders_of
from twin.utilities.spans import RUNNING

SILENT = ("site", "gateway")
"""Kinds whose silence is an alarm at the exchange that they hang on."""
SEEN_FROM_OUTSIDE = ("exchange", "data_center")
"""Kinds whose silence is seen by their operator, elsewhere in the country."""
OUTSIDE = -2


class DamageReports:
    """Who has been told of which damage, step by step, never from the truth alone.

    An alarm needs a watched element and telecom to it. Calls come from places that are without the service
    and have a phone that works; each waits a time of its own, drawn by place and damage. What nobody
    reports is found by rounds after the ledger's hours.
    """

    def __init__(self, layers: Utilities, damages: Damages, parameters: Parameters, seed: int) -> None:
        known = inventory_of(layers)
        self._element = known.rows(damages.element_id, "damages")
        n = damages.n_damages
        self._alarm_s = np.zeros(n)
        self._after_s = float(parameters["utilities.alarm_min"]) * S_PER_MIN
        self._patrol_s = float(parameters["utilities.patrol_h"]) * S_PER_H
        self._needed = int(parameters["utilities.calls_needed"])
        self.reported = np.zeros(n, dtype=bool)
        upstream = paths_of(layers, POWER).upstream
        head = feeders_of(layers, upstream).head
        self._watch = _watched(layers, known, self._element, head)
        self._pairs(layers, known, damages, (parameters, seed), head)

    def _pairs(
        self, layers: Utilities, known: Inventory, damages: Damages, drawn: tuple[Parameters, int], head: Ints
    ) -> None:
        """Places that may call for each damage, one row a pair; what lies before each damage."""
        beyond = Downstream(layers)
        upstream = [paths_of(layers, utility).upstream for utility in LAID]
        self._before = np.full(damages.n_damages, -1, dtype=np.int64)
        damage: list[Rows] = [np.zeros(0, dtype=np.int64)]
        pair: list[Rows] = [np.zeros(0, dtype=np.int64)]
        for row, element in enumerate(self._element.tolist()):
            utility = int(known.utility[element])
            if utility >= len(LAID):
                continue
            trips = head[element] >= 0 and known.kind[element] not in FUSED
            top = int(head[element]) if trips else element
            self._before[row] = upstream[utility][top]
            rows = beyond.pairs(utility, top)
            rows = rows[beyond.served.place[rows]]
            damage.append(np.full(len(rows), row))
            pair.append(rows)
        self._damage, rows = np.concatenate(damage), np.concatenate(pair)
        place = beyond.served.consumer_id[rows]
        self._node = beyond.served.element[rows]
        self._site = layers.rows_for("place", place, TELECOM, over_air=True)
        self._fibre, self._power = (layers.rows_for("place", place, each) for each in (TELECOM, POWER))
        parameters, seed = drawn
        keys = keys_of(place) ^ damages.keys()[self._damage]
        draw = uniforms(seed, stream_of("utilities.calls"), keys)
        self._delay_s = -np.log1p(-draw) * float(parameters["utilities.call_mean_min"]) * S_PER_MIN
        self._without_s, self._called = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
        counts = np.bincount(self._damage, minlength=damages.n_damages)
        self._enough = np.minimum(self._needed, np.maximum(counts, 1))

    def step(self, moment_s: float, step_s: float, level: Floats, at_s: Floats) -> Flags:
        """Damages (n,) that are reported by a moment.

        Parameters
        ----------
        level
            (n_elements,) through the step before.
        at_s
            (n,) when each damage began; who has not begun is not reported.
        """
        open_ = (at_s < moment_s) & ~self.reported
        if not open_.any():
            return self.reported
        alive = (self._watch == OUTSIDE) | (self._watch >= 0) & (level[self._watch] >= RUNNING)
        self._alarm_s[open_ & alive] += step_s
        told = open_ & (self._alarm_s >= self._after_s) & (self._alarm_s > 0.0)
        told |= open_ & (moment_s >= at_s + self._patrol_s)
        rows = np.flatnonzero(open_[self._damage] & ~self._called)
        if len(rows):
            # a call tells of the trouble nearest to the source: what lies behind a dead station is not seen
            nearest = (self._before < 0) | (level[self._before] >= RUNNING)
            without = (level[self._node[rows]] < RUNNING) & nearest[self._damage[rows]]
            self._without_s[rows] = np.where(without, self._without_s[rows] + step_s, 0.0)
            due = rows[self._without_s[rows] >= self._delay_s[rows]]
            self._called[due[has_phone(level, self._site[due], self._fibre[due], self._power[due])]] = True
        calls = np.bincount(self._damage[self._called], minlength=len(told))
        told |= open_ & (calls >= self._enough)
        self.reported = self.reported | told
        return self.reported


def has_phone(level: Floats, site: Ints, fibre: Ints, power: Ints) -> Flags:
    """Whether a phone works at places: a mobile site, or fibre with power for its box; rows, -1 for none."""

    def runs(row: Ints) -> Flags:
        return (row >= 0) & (level[row] >= RUNNING)

    return np.asarray(runs(site) | (runs(fibre) & runs(power)))


def _watched(layers: Utilities, known: Inventory, element: Ints, head: Ints) -> Ints:
    """Telecom node over which an alarm of each element comes, -1 for what is not watched."""
    upstream = paths_of(layers, TELECOM).upstream
    root = np.where(upstream >= 0, upstream, np.arange(len(upstream)))
    while (root[root] != root).any():
        root = root[root]
    control = feeders_of(layers, paths_of(layers, POWER).upstream).control
    fibre: dict[str, int] = {}
    table = layers.dependencies
    for row in np.flatnonzero((table.utility == TELECOM) & (table.consumer_kind != "place")).tolist():
        if layers.nodes.kind[table.node[row]] != "site":
            fibre[str(table.consumer_id[row])] = int(table.node[row])
    found = []
    for row in element.tolist():
        watch = fibre.get(str(known.element_id[row]), -1)
        if watch < 0 and known.kind[row] in SILENT:
            watch = int(root[row])
        if known.kind[row] in SEEN_FROM_OUTSIDE:
            watch = OUTSIDE
        if watch < 0 and head[row] >= 0:
            watch = int(control[head[row]])  # a station of its own fuse is seen by its feeder, too
        found.append(watch)
    return np.array(found, dtype=np.int32)
