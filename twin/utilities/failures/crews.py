"""Crews that mend: who is sent where and when, on the road as it is, and what stands meanwhile.

The dispatcher knows of reported damages only. A free crew with the skill is told, leaves, arrives after
the travel time that the streets give, works, and is free where it is; without parts it passes by its
depot. A crew that cannot be called hears of its job later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.utility_events import POLICIES
from twin.territory.tables import Flags, Floats, Ints, Table, Texts
from twin.territory.utilities.tables import Utilities
from twin.units import S_PER_H
from twin.utilities.failures.damages import CUT, RESTART, SKILLS, WORKS, Damages
from twin.utilities.failures.dispatch import BY_REPORT, DEPOT, Calling, RepairRules, priorities
from twin.utilities.failures.inventory import Rows, inventory_of
from twin.utilities.failures.switching import FAULT, PLANNED, SHED

__all__ = ["DEPOT", "RepairCrews", "Repairs", "Visit", "crews_of"]

Travel = Callable[[int, int, float], float]
"""Seconds from a node's row (or the depot) to an element's row, leaving at a moment."""


@dataclass(frozen=True)
class RepairCrews(Table):
    """Crews (n,): skills joined by "+", when they leave for jobs, and the parts that they carry."""

    crew_id: Texts
    skill: Texts
    from_s: Floats
    until_s: Floats
    parts: Ints

    @property
    def n_crews(self) -> int:
        """Number of crews."""
        return len(self.crew_id)


@dataclass(frozen=True)
class Visit:
    """A crew at a damage: row of the damage, moments [s from 00:00] of each stage."""

    damage: int
    element_id: str
    crew: str
    told_at: float
    left_at: float
    arrived_at: float
    done_at: float


def crews_of(parameters: Parameters) -> RepairCrews:
    """The crews of the ledger, of each skill.

    >>> crews_of(Parameters.defaults()).crew_id.tolist()
    ['power crew 1', 'power crew 2', 'water crew 1', 'heat crew 1', 'telecom crew 1']
    """
    counts = parameters["utilities.crews"]
    skills = [skill for skill, count in zip(SKILLS, counts, strict=True) for _ in range(int(count))]
    n = len(skills)
    number = [skills[: row + 1].count(skill) for row, skill in enumerate(skills)]
    names = [f"{skill} crew {which}" for skill, which in zip(skills, number, strict=True)]
    first, last = (float(each) * S_PER_H for each in parameters["utilities.crew_shift_h"])
    return RepairCrews(
        np.array(names, dtype=np.str_),
        np.array(skills, dtype=np.str_),
        np.full(n, first),
        np.full(n, last),
        np.full(n, int(parameters["utilities.crew_parts"]), dtype=np.int32),
    )


class Repairs:
    """Damages and crews through a day.

    `expects` are the travel times by which the dispatcher chooses who goes, where not those of the streets.
    """

    def __init__(
        self,
        layers: Utilities,
        damages: Damages,
        crews: RepairCrews,
        parameters: Parameters,
        seed: int = 1,
        rules: RepairRules = BY_REPORT,
        expects: Travel | None = None,
    ) -> None:
        if rules.policy not in POLICIES:
            raise InputError("repairs: policy", repr(rules.policy), "one of " + ", ".join(POLICIES))
        known = inventory_of(layers)
        self.damages, self.crews, self.rules, self.seed = damages, crews, rules, seed
        self.element = known.rows(damages.element_id, "damages")
        self._node = known.at_node[self.element]
        self._least = priorities(layers, damages, rules.policy, rules.critical)
        self._calling = Calling(layers, known, parameters, rules.manual_fallback)
        n, self._n_elements = damages.n_damages, known.n_elements
        self.at_s, self.until_s = damages.at_s.copy(), damages.until_s.copy()
        self.reported_s, self._sent = np.full(n, np.inf), np.zeros(n, dtype=bool)
        self._mends = np.isinf(damages.until_s)
        kinds = {WORKS: PLANNED, CUT: SHED}
        self._how = np.array([kinds.get(each, FAULT) for each in damages.cause.tolist()], dtype=np.int32)
        self._harms = damages.cause != RESTART
        self._skills = [frozenset(each.split("+")) for each in crews.skill.tolist()]
        self._free_s, self._at = crews.from_s.copy(), np.full(crews.n_crews, DEPOT, dtype=np.int64)
        self._parts = crews.parts.copy()
        self.visits: list[Visit] = []
        self.expects = expects
        self.health, self.how = np.ones(self._n_elements), np.zeros(self._n_elements, dtype=np.int32)
        self._active = np.zeros(n, dtype=bool)

    def start(self, rows: Rows, moment_s: float) -> None:
        """Jobs without a moment of their own begin, such as a restart by hand."""
        self.at_s[rows] = np.minimum(self.at_s[rows], moment_s)

    def lasting(self, moment_s: float, step_s: float = 0.0) -> Flags:
        """Damages (n,) that last in a step from a moment on."""
        return (self.at_s < moment_s + max(step_s, 1e-9)) & (self.until_s > moment_s)

    def step(
        self,
        moment_s: float,
        step_s: float,
        reported: Flags,
        travel_s: Travel,
        level: Floats | None = None,
    ) -> Floats:
        """Health (n_elements,) through a step, 0.0 or 1.0, after the dispatcher has sent who is free.

        Parameters
        ----------
        reported
            (n_damages,) whom somebody has told the dispatcher of.
        level
            (n_elements,) of the step before: which crews can be called.
        """
        fresh = reported & np.isinf(self.reported_s)
        self.reported_s[fresh] = moment_s
        waiting = np.isfinite(self.reported_s) & ~self._sent & self._mends & (self.at_s <= moment_s)
        if waiting.any():
            self._dispatch(np.flatnonzero(waiting), moment_s, travel_s, level)
        active = self.lasting(moment_s, step_s) & self._harms
        if (active != self._active).any():
            self._active = active
            self.health, self.how = np.ones(self._n_elements), np.zeros(self._n_elements, dtype=np.int32)
            self.health[self.element[active]] = 0.0
            order = np.flatnonzero(active)[np.argsort(-self._how[active], kind="stable")]
            self.how[self.element[order]] = self._how[order]  # a fault is written last
        return self.health

    def _dispatch(self, jobs: Rows, moment_s: float, travel_s: Travel, level: Floats | None) -> None:
        """Send free crews to waiting jobs, by the policy's order."""
        on_duty = (self._free_s <= moment_s) & (self.crews.until_s > moment_s)
        free = set(np.flatnonzero(on_duty).tolist())
        names = self.damages.element_id
        left = sorted(jobs.tolist(), key=lambda job: (*self._urgency(job), str(names[job]), job))
        while free and left:
            pairs = self._pairs(left, free, moment_s, travel_s)
            if not pairs:
                return
            _, _, _, job, crew = min(pairs)
            self._send(job, crew, moment_s, travel_s, level)
            free.remove(crew)
            left.remove(job)

    def _urgency(self, job: int) -> tuple[float, float]:
        return float(self._least[job]), float(self.reported_s[job])

    def _pairs(
        self, jobs: list[int], free: set[int], moment_s: float, travel_s: Travel
    ) -> list[tuple[float, str, str, int, int]]:
        """(travel time, crew, element, job, crew's row) among which the best is chosen."""
        found = []
        for job in jobs:
            skill = str(self.damages.skill[job])
            able = [crew for crew in sorted(free) if skill in self._skills[crew]]
            for crew in able:
                away_s = self._away_s(crew, job, moment_s, self.expects or travel_s)
                names = str(self.crews.crew_id[crew]), str(self.damages.element_id[job])
                found.append((away_s, *names, job, crew))
            if able and self.rules.policy != "nearest":
                return found  # the most urgent job that somebody can do, by the nearest of them
        return found

    def _away_s(self, crew: int, job: int, moment_s: float, travel_s: Travel) -> float:
        at, element = int(self._at[crew]), int(self.element[job])
        if self._parts[crew] > 0 or at == DEPOT:
            return max(travel_s(at, element, moment_s), 0.0)
        back_s = max(travel_s(DEPOT, at, moment_s), 0.0)  # taken to last as long as the way there
        return back_s + max(travel_s(DEPOT, element, moment_s + back_s), 0.0)

    def _send(self, job: int, crew: int, moment_s: float, travel_s: Travel, level: Floats | None) -> None:
        late_s = 0.0 if level is None else self._calling.late_s(int(self._at[crew]), level)
        told = moment_s + late_s
        arrived = told + self._away_s(crew, job, told, travel_s)
        if self._parts[crew] == 0 or self._at[crew] == DEPOT:
            self._parts[crew] = self.crews.parts[crew]
        done = arrived + float(self.damages.work_s[job])
        names = str(self.damages.element_id[job]), str(self.crews.crew_id[crew])
        self.visits.append(Visit(job, *names, told, told, arrived, done))
        self._sent[job], self.until_s[job] = True, done
        self._free_s[crew], self._at[crew] = done, self._node[job]
        self._parts[crew] -= 1
