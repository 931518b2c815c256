"""The benchmark of routing: its city, its rows, engines that must agree, and a clear line without a peer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.peers.shortest_paths import Network, networkx_costs
from benchmarks.speed import rerouting, routing
from benchmarks.speed.routing import City, main
from tests.conftest import ROOT
from twin.errors import InputError
from twin.kernels.paths import UNREACHED
from twin.routing.hierarchy import costs_between, customize

pytestmark = pytest.mark.one_interpreter(
    "engines are compared here, and tested on every interpreter in their own rooms"
)


@pytest.fixture(scope="module")
def city() -> City:
    return City.of(40)


def test_trips_of_the_city_are_drawn_at_five_kilometres(city: City) -> None:
    """The city is 4 km wide, so that most are cut; what is left ends where it should, on the map."""
    origin, destination = city.city_pairs(2_000, 50)
    assert np.unique(destination).shape[0] <= 50
    assert (np.bincount(city.tail[destination]) > 0).sum() > 10
    far = city.city_pairs(2_000)
    assert np.unique(far[1]).shape[0] > 200
    assert np.array_equal(origin, far[0])


def test_a_banned_turn_is_a_turn_and_never_back(city: City) -> None:
    before, after = city.turns(0.05)
    assert before.shape[0] > 100
    assert (city.head[before] == city.tail[after]).all()
    assert (city.tail[before] != city.head[after]).all()


def test_networkx_finds_what_the_hierarchy_finds(city: City) -> None:
    weight_ms = city.live_ms(1)
    pairs = city.uniform_pairs(30)
    ours_ms = costs_between(customize(city.hierarchy("geometric"), weight_ms), *pairs)
    assert (ours_ms < UNREACHED).all()
    network = Network(city.tail, city.head, city.x_m, city.y_m, weight_ms)
    _, found_ms = networkx_costs(network, (city.head[pairs[0]], city.tail[pairs[1]]))
    assert np.array_equal(ours_ms - weight_ms[pairs[1]], found_ms)


def test_engines_that_disagree_are_not_compared() -> None:
    with pytest.raises(InputError, match="peer slow: differs from ours by 7 ms"):
        routing._agree("slow", np.array([10, 20]), np.array([10.0, 27.0]))


def test_one_json_object_with_a_row_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--side", "24", "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["machine"]["cores"] >= 1
    assert {row["engine"] for row in told["rows"]} == {"twin"}
    cases = [row["case"] for row in told["rows"]]
    assert len(cases) == len(set(cases)) >= 16
    assert all(row["cpu_s"] > 0 and row["states"] <= 24 * 24 + row["links"] for row in told["rows"])


def test_a_missing_peer_and_a_small_city_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--side", "3"]) == 2
    assert "24 or more" in capsys.readouterr().err
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert main(["--side", "24", "--peers"]) == 2
    assert "pip install pandana" in capsys.readouterr().err


def test_a_days_advice_is_the_same_by_both_searches() -> None:
    """The morning until 7: who is advised another route, and at what cost."""
    found = rerouting.measured(Path(ROOT, "scenarios", "metropolis.toml"), seed=1, until_h=7.0)
    assert found["asked"] > 1_000
    assert found["searched"] > 0
    assert found["differing"] == 0
    assert min(found["search_s"], found["weights_s"], found["query_s"]) > 0
