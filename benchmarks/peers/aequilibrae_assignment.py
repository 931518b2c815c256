"""A TNTP network and its trips in AequilibraE: biconjugate Frank-Wolfe on one core."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from benchmarks.peers import need
from twin.readers.tntp import RoadNetwork, TripTable

MOST_ITERATIONS = 10_000


def build(
    network: RoadNetwork, trips: TripTable, gap: float
) -> tuple[Callable[[], None], Callable[[], np.ndarray]]:
    """A ready assignment and a reader of its link flows (n_links,); it shows no progress."""
    os.environ["AEQ_SHOW_PROGRESS"] = "FALSE"
    paths, matrix, pandas = need("aequilibrae.paths"), need("aequilibrae.matrix"), need("pandas")
    graph = paths.Graph()
    graph.network = pandas.DataFrame(
        {
            "link_id": np.arange(1, network.n_links + 1),
            "id": np.arange(1, network.n_links + 1),
            "a_node": network.tail + 1,
            "b_node": network.head + 1,
            "direction": 1,
            "capacity": network.capacity,
            "free_flow_time": network.free_flow_time,
            "b": network.b,
            "power": network.power,
        }
    )
    zones = np.arange(1, network.n_zones + 1)
    graph.prepare_graph(zones)
    graph.set_graph("free_flow_time")
    graph.set_skimming(["free_flow_time"])
    graph.set_blocked_centroid_flows(network.first_through > 0)
    demand = matrix.AequilibraeMatrix()
    demand.create_empty(zones=network.n_zones, matrix_names=["trips"], memory_only=True)
    demand.index = zones
    table = np.zeros((network.n_zones, network.n_zones))
    table[trips.origin, trips.destination] = trips.trips
    demand.matrix["trips"][:, :] = table
    demand.computational_view(["trips"])
    assignment = paths.TrafficAssignment()
    assignment.set_classes([paths.TrafficClass("car", graph, demand)])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("free_flow_time")
    assignment.set_algorithm("bfw")
    assignment.max_iter = MOST_ITERATIONS
    assignment.rgap_target = gap
    assignment.set_cores(1)

    def flows() -> np.ndarray:
        carried: np.ndarray = assignment.results()["PCE_AB"].to_numpy(dtype=np.float64)
        return carried

    return assignment.execute, flows
