"""A day of faults: who is told, who is sent, what is switched, what falls and what comes back, in steps."""

from __future__ import annotations

import numpy as np

from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats
from twin.territory.utilities.tables import POWER, TELECOM, UTILITIES, Utilities
from twin.units import S_PER_MIN
from twin.utilities.failures.crews import RepairCrews, Repairs, Travel, crews_of
from twin.utilities.failures.damages import RESTART, Damages, join_damages, no_damages
from twin.utilities.failures.dispatch import BY_REPORT, RepairRules, straight_travel
from twin.utilities.failures.inventory import Rows, inventory_of
from twin.utilities.failures.laid import laid_cascade, paths_of
from twin.utilities.failures.reports import DamageReports
from twin.utilities.failures.story import Story
from twin.utilities.failures.switching import FAULT, Switching, feeders_of
from twin.utilities.spans import RUNNING


class Faults:
    """Damages, reports, crews, switching and the cascade of a territory, stepped together.

    Parameters
    ----------
    crews
        Those of the ledger without.
    expects
        The dispatcher's own travel times, as in `Repairs`.
    """

    def __init__(
        self,
        layers: Utilities,
        parameters: Parameters,
        seed: int,
        damages: Damages,
        crews: RepairCrews | None = None,
        rules: RepairRules = BY_REPORT,
        expects: Travel | None = None,
    ) -> None:
        self.layers, self.known = layers, inventory_of(layers)
        self.cascade = laid_cascade(layers, parameters, seed, crews=True)
        restarts = _restarts(self.cascade.elements.restart_s, layers, parameters)
        self.damages = join_damages(damages, restarts)
        self._restart = np.flatnonzero(self.damages.cause == RESTART)
        team = crews_of(parameters) if crews is None else crews
        self.repairs = Repairs(layers, self.damages, team, parameters, seed, rules, expects)
        self.reports = DamageReports(layers, self.damages, parameters, seed)
        stand_by_s = (
            parameters["utilities.remote_switch_min"] * S_PER_MIN if rules.manual_fallback else np.inf
        )
        by_hand_s = np.full(self.known.n_elements, parameters["utilities.manual_switch_min"] * S_PER_MIN)
        by_hand_s[self.repairs.element[np.isinf(self.damages.until_s)]] = np.inf  # a crew comes to those
        feeders = feeders_of(layers, paths_of(layers, POWER).upstream)
        by_hand_s = np.minimum(by_hand_s, stand_by_s)
        self.switching = Switching(self.known, feeders, parameters, by_hand_s)
        self._isolate_s = float(parameters["utilities.isolate_min"]) * S_PER_MIN
        self._straight = straight_travel(layers, parameters)
        self.level = np.ones(self.known.n_elements)
        self._switched_on = np.zeros(self.damages.n_damages, dtype=bool)

    def step(self, moment_s: float, step_s: float, travel_s: Travel | None = None) -> Floats:
        """Levels (n_elements,) of nodes and edges through a step from a moment on [s from 00:00].

        Travel is along the straight line unless the streets say otherwise.
        """
        repairs, rows = self.repairs, self._restart
        if len(rows):
            self._restart_by_hand(moment_s)
        reported = self.reports.step(moment_s, step_s, self.level, repairs.at_s)
        travel = self._straight if travel_s is None else travel_s
        health = repairs.step(moment_s, step_s, reported, travel, self.level)
        self._isolate(moment_s)
        closed = self.switching.step(health, step_s, self.level, repairs.how)
        whole = np.where(repairs.how != FAULT, 1.0, health)  # what is switched off is not broken
        self.level = self.cascade.step(whole, step_s, closed, self.switching.opener)
        return self.level

    @property
    def carrying(self) -> Flags:
        """Elements (n,) that are whole and closed; an open tie or breaker carries nothing."""
        return np.asarray((self.repairs.health >= RUNNING) & (self.switching.closed > 0.0))

    def story(self, step_s: float) -> Story:
        """What has happened so far, in steps of so long."""
        told = self.cascade.falls, step_s, self.damages, self.repairs.visits, self.switching.log
        return Story(self.known, *told, _watched(self.layers))

    def _restart_by_hand(self, moment_s: float) -> None:
        """Sites that have power again and do not start become jobs; whom a crew has seen start."""
        rows, repairs = self._restart, self.repairs
        element = repairs.element[rows]
        repairs.start(rows[self.cascade.waiting[element]], moment_s)
        seen = rows[(repairs.until_s[rows] <= moment_s) & ~self._switched_on[rows]]
        if len(seen):
            self.cascade.visited(repairs.element[seen])
            self._switched_on[seen] = True

    def _isolate(self, moment_s: float) -> None:
        """Crews that have been on the spot for long enough have isolated the fault."""
        spot = [
            int(self.repairs.element[visit.damage])
            for visit in self.repairs.visits
            if visit.arrived_at + self._isolate_s <= moment_s < visit.done_at
        ]
        if spot:
            self.switching.on_spot(np.array(spot, dtype=np.int32))


def _restarts(restart_s: Floats, layers: Utilities, parameters: Parameters) -> Damages:
    """A job for each element that starts only by hand; its moment comes when it has power again."""
    rows: Rows = np.flatnonzero(np.isinf(restart_s))
    known, n = inventory_of(layers), len(rows)
    if not n:
        return no_damages()
    work_s = float(parameters["utilities.restart_work_min"]) * S_PER_MIN
    endless = np.full(n, np.inf)
    skill = np.full(n, UTILITIES[TELECOM])
    return Damages(known.element_id[rows], endless, endless, np.full(n, work_s), skill, np.full(n, RESTART))


def _watched(layers: Utilities) -> dict[int, list[str]]:
    """Elements that are watched and switched from afar, by the telecom node over which."""
    table, found = layers.dependencies, dict[int, list[str]]()
    of = (table.utility == TELECOM) & ~np.isin(table.consumer_kind, ("place", "link"))
    for row in np.flatnonzero(of).tolist():
        if str(table.consumer_id[row]) not in layers.row_of:
            continue  # what runs in a data centre is no element
        name = f"{table.consumer_kind[row]} {table.consumer_id[row]}"
        found.setdefault(int(table.node[row]), []).append(name)
    return found
