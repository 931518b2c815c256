"""Sioux Falls out of the PyPI package aequilibrae: the known equilibrium and optimum to nine digits.

The files may not be kept here, so they are made from an installed aequilibrae (in the development lock), or
from the file ``tntp/sioux_falls.zip`` of TWIN_TEST_DATA; skipped without either. Other networks of the
collection are read from ``tntp/`` of TWIN_TEST_DATA where they are.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.sioux_falls import convert, project_file
from twin.readers.tntp import RoadNetwork, TripTable, read_network, read_trips
from twin.routing.assignment import Rule, assign, prepare, relative_gap

OBJECTIVE, EQUILIBRIUM, OPTIMUM = 4231335.28710744, 7480225.344921, 7194256.052893
"""Beckmann's objective of the collection's best known flows, and total times solved apart from the twin."""
KNOWN_FLOWS = {(1, 2): 4494.65765, (1, 3): 8119.07995, (2, 6): 5967.33640, (3, 4): 14006.37102,
               (3, 12): 10022.31962, (4, 5): 18006.37102}  # fmt: skip
ANAHEIM = (1286032.17109603, 1419913.851059, 1395015.086695)


@pytest.fixture(scope="module")
def sioux_falls(tmp_path_factory) -> tuple[RoadNetwork, TripTable]:
    project = project_file()
    if project is None and os.environ.get("TWIN_TEST_DATA"):
        project = Path(os.environ["TWIN_TEST_DATA"], "tntp", "sioux_falls.zip")
    if project is None or not project.is_file():
        pytest.skip("aequilibrae is not installed, and there is no tntp/sioux_falls.zip in TWIN_TEST_DATA")
    network_file, trips_file = convert(project, tmp_path_factory.mktemp("sioux_falls"))
    network = read_network(network_file)
    return network, read_trips(trips_file, network)


def test_the_network_is_the_known_one(sioux_falls):
    network, trips = sioux_falls
    assert (network.n_zones, network.n_nodes, network.n_links) == (24, 24, 76)
    assert (len(trips.trips), trips.trips.sum()) == (528, 360_600.0)


def test_equilibrium(sioux_falls):
    found = assign(*sioux_falls, gap=1e-12)
    assert found.relative_gap <= 1e-12
    assert found.objective == pytest.approx(OBJECTIVE, rel=1e-9)
    assert found.total_travel_time == pytest.approx(EQUILIBRIUM, rel=1e-9)
    assert relative_gap(*sioux_falls, Rule("ue"), found.flow) <= 1.1e-12


def test_flows_of_links(sioux_falls):
    network, trips = sioux_falls
    found = assign(network, trips, gap=1e-12)
    ends = zip((network.tail + 1).tolist(), (network.head + 1).tolist(), strict=True)
    flow = dict(zip(ends, found.flow.tolist(), strict=True))
    assert {link: flow[link] for link in KNOWN_FLOWS} == pytest.approx(KNOWN_FLOWS, abs=1e-3)


def test_optimum(sioux_falls):
    found = assign(*sioux_falls, Rule("so"), gap=1e-12)
    assert found.total_travel_time == pytest.approx(OPTIMUM, rel=1e-9)
    assert found.objective == pytest.approx(4_295_669.79, abs=0.01)


def test_a_gap_of_a_millionth_within_a_tenth_of_a_second(sioux_falls):
    prepare()
    runs = [assign(*sioux_falls, gap=1e-6) for _ in range(3)]
    assert min(run.seconds for run in runs) < 0.1
    assert all(run.relative_gap <= 1e-6 for run in runs)
    assert len({run.flow.tobytes() for run in runs}) == 1


def test_the_optimum_tolled_is_an_equilibrium(sioux_falls):
    """Marginal tolls make everybody's best route the best for all (Pigou 1920)."""
    network, trips = sioux_falls
    best = assign(network, trips, Rule("so"), gap=1e-12)
    damage = (
        network.free_flow_time * network.b * network.power * (best.flow / network.capacity) ** network.power
    )
    tolled = RoadNetwork(**{**vars(network), "toll": damage})
    found = assign(tolled, trips, Rule("ue", toll_weight=1.0), gap=1e-12)
    assert found.total_travel_time == pytest.approx(OPTIMUM, rel=1e-7)
    assert found.flow == pytest.approx(best.flow, rel=1e-4)


def test_anaheim(data_file):
    network = read_network(data_file("tntp/Anaheim_net.tntp"))
    trips = read_trips(data_file("tntp/Anaheim_trips.tntp"), network)
    selfish, best = (assign(network, trips, Rule(principle), gap=1e-12) for principle in ("ue", "so"))
    known = (selfish.objective, selfish.total_travel_time, best.total_travel_time)
    assert np.allclose(known, ANAHEIM, rtol=1e-9)
