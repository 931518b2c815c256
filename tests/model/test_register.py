"""Every array that moves is in the register of variables, with the dtype it says."""

from __future__ import annotations

from tests.model.village import WORKS, scenario, world
from twin.model.register import ROWS, enter_state
from twin.model.twin_model import TwinModel
from twin.variables import REGISTER

OUTSIDE = ("loader.network.", "loader.supply.", "loader._taken_up.", "platform.", "log.parts.")
"""What never moves, what stands elsewhere under its own name, and what is a growing record."""
BY_NAME = ("pictures", "requests", "advice", "devices")
"""Groups that hold one part for every actor or fleet, by its name."""


def test_the_register_holds_the_state() -> None:
    here = world()
    model = TwinModel(
        scenario(WORKS), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    model.run_until(7 * 3_600)
    columns = {name: column for name, column in model.state.columns().items() if not name.startswith(OUTSIDE)}
    for name, column in columns.items():
        group, *_, last = name.split(".")
        row = REGISTER[f"{group}.{last}" if group in BY_NAME else name]
        assert str(column.dtype) == row.dtype, name
    assert {row[0] for row in ROWS if row[0].split(".")[0] not in BY_NAME} <= set(columns)


def test_kinds_follow_the_groups() -> None:
    enter_state()
    assert REGISTER["loader.traffic.links.n_here"].kind == "truth"
    assert REGISTER["orders.classified"].kind == "policy"
    assert REGISTER["pictures.travel_time_s"].kind == "knowledge"
