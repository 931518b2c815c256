"""Gateways count only where they lead: into the core, out of it, or to each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin.errors import InputError
from twin.population.outside.gates import gates_of, group_weights
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


def _with_links(town: Territory, **links: list[int]) -> Territory:
    columns = {name: np.array(column, dtype=np.int32) for name, column in links.items()}
    return replace(town, gateways=replace(town.gateways, **columns))


def test_a_group_needs_a_way_in_and_a_way_out(town: Territory) -> None:
    gates = gates_of(town)
    assert gates.groups == ("N1 east", "N1 west")
    assert gates.open_both_ways.all()
    assert group_weights(gates, None, "here").tolist() == [0.25, 0.25]
    links = town.gateways
    one_way = gates_of(_with_links(town, out_link=[-1, int(links.out_link[1])]))
    assert one_way.open_both_ways.tolist() == [True, False]
    assert group_weights(one_way, None, "here").tolist() == [0.25, 0.0]
    with pytest.raises(InputError, match="'N1 west' does not lead out of the area and back"):
        group_weights(one_way, {"N1 west": 1.0}, "here")


def test_a_road_apart_from_the_core_is_no_way_out(town: Territory) -> None:
    """The link into the town from the west is cut off: it ends at the gate it comes from."""
    streets, west = town.streets, int(town.gateways.in_link[0])
    head = streets.head.copy()
    head[west] = streets.tail[west]
    gates = gates_of(replace(town, streets=replace(streets, head=head)))
    assert gates.open_both_ways.tolist() == [True, False]
    assert not gates.passes[0].any()
    assert gates.passes[1].tolist() == [True, True]


def test_through_traffic_needs_a_path(town: Territory, population_file: Path) -> None:
    cut = _with_links(town, out_link=[int(town.gateways.out_link[0]), -1])
    file = population_file.with_name("through_only.toml")
    text = population_file.read_text(encoding="utf-8").split("[[commuters]]")
    through = "[[through]]" + text[1].split("[[through]]")[1]
    file.write_text(
        text[0].replace('gates = { "N1 west" = 1.0, "N1 east" = 3.0 }', "") + through, encoding="utf-8"
    )
    with pytest.raises(
        InputError, match=r"through 1: no path leads from gateway group 'N1 west' to 'N1 east'"
    ):
        synthesise(cut, file, Parameters.defaults(), seed=1)


def test_gate_rows_decide_nothing(town: Territory) -> None:
    turned = {name: column[::-1] for name, column in town.gateways.columns().items()}
    ours, theirs = gates_of(town), gates_of(replace(town, gateways=replace(town.gateways, **turned)))
    for name in ("group", "in_link", "out_link", "in_ladder", "out_ladder", "passes"):
        assert (getattr(ours, name) == getattr(theirs, name)).all(), name


def test_demand_from_outside_follows_its_factors(town: Territory, population_file: Path) -> None:
    factors = {"population.commuter_demand_factor": 1.5, "population.through_demand_factor": 0.5}
    base = synthesise(town, population_file, Parameters.defaults(), seed=1)
    made = synthesise(town, population_file, Parameters.defaults().replaced(factors), seed=1)
    persons = [made.report["kinds"][kind]["persons"] for kind in ("commuter", "through")]
    assert persons == [300, 150]
    smaller, larger = set(base.persons.person_id.tolist()), set(made.persons.person_id.tolist())
    assert len(larger - smaller) == 100, "100 commuters more; all others are who they were"
    assert len(smaller - larger) == 150
