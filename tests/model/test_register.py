"""Every array that moves is in the register of variables, with the dtype it says."""

from __future__ import annotations

from tests.model.village import WORKS, scenario, world
from twin.model.register import ROWS
from twin.model.twin_model import TwinModel
from twin.variables import REGISTER

OUTSIDE = ("loader.network.", "loader.supply.", "platform.", "log.parts.")
"""What never moves, what stands elsewhere under its own name, and what is a growing record."""


def test_the_register_holds_the_state() -> None:
    here = world()
    model = TwinModel(
        scenario(WORKS), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    model.run_until(7 * 3_600)
    columns = {name: column for name, column in model.state.columns().items() if not name.startswith(OUTSIDE)}
    for name, column in columns.items():
        parts = name.split(".")
        row = REGISTER[f"picture.{parts[-1]}" if parts[0] == "pictures" else name]
        assert str(column.dtype) == row.dtype, name
    assert {row[0] for row in ROWS} <= set(columns)


def test_kinds_follow_the_groups() -> None:
    assert REGISTER["loader.traffic.n_in"].kind == "truth"
    assert REGISTER["orders.classified"].kind == "policy"
    assert REGISTER["picture.travel_time_s"].kind == "knowledge"
