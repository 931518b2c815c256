"""The same persons as agents of Mesa and as inhabitants held in columns."""

from __future__ import annotations

from collections import deque
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from twin.model.inhabitants import Inhabitants
from twin.population.population import Persons

ATTRIBUTES = ("age", "female", "household_cars", "zone")
KINDS = ("mesa", "columns")
ALIVE: deque[mesa.Model] = deque(maxlen=20)
"""Models in use: a set of Mesa's holds its agents weakly."""


class Person(mesa.Agent):  # type: ignore[misc]
    """An ordinary agent of Mesa with the attributes of a person."""


def persons(n: int = 30) -> Persons:
    """Persons with every age from 3 to 90 by steps of 7, some of them alike."""
    row = np.arange(n)
    columns: dict[str, Any] = {name: np.zeros(n) for name in Persons.DTYPES}
    return Persons(
        **columns
        | {
            "person_id": 1_000 + 3 * row,
            "person_key": row.astype(np.uint64),
            "age": 3 + (row * 49) % 91,
            "female": row % 3 == 0,
            "household_cars": row % 4,
            "zone": row // 8 - 1,
        }
    )


def set_of(kind: str, n: int = 30, seed: int = 7) -> Any:
    """All persons as a set of that kind, in a model of their own."""
    model, table = mesa.Model(rng=seed), persons(n)
    if kind == "columns":
        return Inhabitants.of(table, model)
    ALIVE.append(model)
    agents = [Person(model) for _ in range(n)]
    for row, agent in enumerate(agents):
        agent.unique_id = int(table.person_id[row])
        for name in ATTRIBUTES:
            setattr(agent, name, getattr(table, name)[row].item())
    return AgentSet(agents, random=model.random)
