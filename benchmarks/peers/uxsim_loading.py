"""A speed world in UXsim: the same links, departures and routes (Seo 2025, JOSS)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.peers import need
from benchmarks.speed.world import JAM_SPACING_M, REACTION_S, World


def build(world: World, deltan: int, cpp: bool) -> tuple[Callable[[], None], Callable[[], dict[str, float]]]:
    """A ready simulation and a reader of its results; a platoon stands for ``deltan`` trips.

    Routes are fixed, so UXsim's own route choice is never updated; logs of positions are off.
    """
    uxsim = need("uxsim")
    peer = uxsim.World(
        cpp=cpp,
        deltan=deltan,
        reaction_time=REACTION_S,
        duo_update_time=10 * world.horizon_s,
        tmax=world.horizon_s,
        random_seed=1,
        print_mode=0,
        save_mode=0,
        show_mode=0,
        vehicle_logging_timestep_interval=-1,
    )
    for node, (x, y) in enumerate(zip(world.x_m.tolist(), world.y_m.tolist(), strict=True)):
        peer.addNode(f"n{node}", x, y)
    for link in range(world.tail.shape[0]):
        peer.addLink(
            f"l{link}",
            f"n{world.tail[link]}",
            f"n{world.head[link]}",
            length=float(world.length_m[link]),
            free_flow_speed=float(world.speed_mps[link]),
            jam_density_per_lane=1.0 / JAM_SPACING_M,
            number_of_lanes=int(world.lanes[link]),
            merge_priority=float(world.capacity_vps[link]),
        )
    names = [f"l{link}" for link in range(world.tail.shape[0])]
    vehicles = []
    for trip in range(0, world.n_trips, deltan):
        route = world.pool[world.start[trip] : world.end[trip]].tolist()
        vehicle = peer.addVehicle(
            f"n{world.tail[route[0]]}",
            f"n{world.head[route[-1]]}",
            float(world.depart_s[trip]),
            name=str(trip),
        )
        vehicle.enforce_route([names[link] for link in route])
        vehicles.append((trip, vehicle))
    peer.finalize_scenario()

    def results() -> dict[str, float]:
        depart = np.array([world.depart_s[trip] for trip, _ in vehicles])
        arrive = np.array([float(vehicle.arrival_time) for _, vehicle in vehicles]) * REACTION_S * deltan
        ended = np.array([vehicle.state == "end" for _, vehicle in vehicles])
        mean_s = float((arrive - depart)[ended].mean()) if ended.any() else float("nan")
        return {"completed": float(ended.sum() * deltan), "mean_trip_s": mean_s}

    return peer.exec_simulation, results
