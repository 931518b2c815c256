"""The utility networks of the model's day: what breaks, who drives out, who is without, step by step.

Nothing here exists unless the scenario has its networks reckoned (`Scenario.with_utilities`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.errors import InputError
from twin.model.crew_roads import CrewRoads
from twin.model.outage_reach import outage_reach_of
from twin.model.state import Access
from twin.model.utility_orders import UtilityOrders, utility_orders_of
from twin.model.utility_state import UtilityState
from twin.territory.tables import Floats
from twin.utilities.day import NetworkDay
from twin.utilities.physics import check_engines
from twin.utilities.spans import QUARTER_S

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


class Networks:
    """Networks of one day: failures, crews, services, in steps of the cascade within those of the model."""

    def __init__(self, model: TwinModel) -> None:
        territory, parameters = model.territory, model.parameters
        check_engines()
        self.orders: UtilityOrders = utility_orders_of(model.spec, territory, model.seed_)
        orders = self.orders
        self.roads = CrewRoads(model, orders.depot)
        self.day = NetworkDay(
            territory.utilities,
            parameters,
            model.seed_,
            orders.damages,
            orders.crews,
            orders.rules,
            orders.stores,
            self.roads.expected_s,
        )
        if model.step_s % self.day.step_s:
            what = f"{self.day.step_s:g} s do not divide a step of the model"
            raise InputError("utilities.cascade_step_s", what, f"a divisor of {model.step_s} s")
        self._noted: list[tuple[float, ...]] = []
        self.reach = outage_reach_of(territory, model.roads, parameters)

    def opening(self) -> UtilityState:
        """Everything works at 00:00."""
        return self.reach.opening(self.day.n_elements)

    def step(self, state: Access, moment_s: int, step_s: int) -> None:
        """Cascade steps from a moment until the next step of the model, and what they leave the streets."""
        self.roads.begin(state, moment_s)
        moments = np.arange(moment_s, moment_s + step_s, self.day.step_s).tolist()
        level = np.array([self.day.step(at_s, self.roads.travel_s) for at_s in moments])
        self.reach.note(level, state.utilities, state.servers, float(step_s))
        self._note(state, moment_s)

    def _note(self, state: Access, moment_s: int) -> None:
        """Keep who is without in the streets, for the record."""
        utilities, signalled = state.utilities, self.reach.signal >= 0
        self._noted.append((
            moment_s,
            float((utilities.silent | utilities.unlit).mean()),
            float(utilities.dark.sum() / max(signalled.sum(), 1)),
            *(~state.servers.provider).astype(np.float64).tolist(),
        ))  # fmt: skip

    def noted(self) -> Floats:
        """By quarter, means of: blind links, dark signals, providers that are down (n_quarters, 2 + n)."""
        table = np.array(self._noted)
        quarter = (table[:, 0] // QUARTER_S).astype(np.int64)
        count = np.bincount(quarter)
        sums = [np.bincount(quarter, weights=column) for column in table[:, 1:].T]
        return np.column_stack(sums) / count[:, None]


def networks_of(model: TwinModel) -> Networks | None:
    """The networks of a scenario that has them reckoned."""
    return Networks(model) if model.spec.with_utilities else None


def fail(model: TwinModel, state: Access, moment_s: int) -> None:
    """What fails and is mended in this step, and who is without."""
    assert model.networks is not None
    model.networks.step(state, moment_s, model.step_s)
