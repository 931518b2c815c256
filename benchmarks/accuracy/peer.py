"""UXsim (Seo 2025, JOSS) on the same case, as a peer in the same call."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.case import Case
from benchmarks.accuracy.door import demand_of, topology_of
from benchmarks.accuracy.run import STILL_THERE, Run
from benchmarks.peers import need
from twin.units import KMH_PER_MPS


def run_by_uxsim(case: Case) -> Run:
    """Single vehicles (deltan 1), steps of one second, the vehicles and routes of our own demand table.

    UXsim's links take their capacity from speed, reaction time and jam density; the tables of these cases say
    the same three. Vehicles of a choice choose by UXsim's own rule (dynamic user optimum).
    """
    uxsim = need("uxsim")
    topology = topology_of(case)
    demand = demand_of(case, topology)
    widest = case.links[0]
    reaction_s = 3_600.0 / (widest.wave_kmh * widest.jam_veh_per_km)
    update_s = case.choices[0].update_s if case.choices else case.until_s
    world = uxsim.World(
        name=case.name,
        deltan=1,
        reaction_time=reaction_s,
        duo_update_time=update_s,
        tmax=case.until_s,
        random_seed=case.seed,
        print_mode=0,
        save_mode=0,
        show_mode=0,
    )
    for name in sorted({link.from_ for link in case.links} | {link.to for link in case.links}):
        world.addNode(name, 0, 0)
    for link in case.links:
        speed, jam = link.speed_kmh / KMH_PER_MPS, link.jam_veh_per_km / 1_000.0
        natural = speed * jam / (1.0 + speed * jam * reaction_s)
        limit = link.capacity_vph / 3_600.0 if link.capacity_vph / 3_600.0 < 0.999 * natural else None
        world.addLink(
            *(link.id, link.from_, link.to),
            length=link.length_m,
            free_flow_speed=speed,
            jam_density=jam,
            capacity_in=limit,
            capacity_out=limit,
            merge_priority=link.capacity_vph,
        )
    vehicles = []
    for trip, wish_ms in enumerate(demand.release_ms.tolist()):
        flow = int(demand.flow[trip])
        route = demand.routes.of(trip)
        if flow >= len(case.flows):
            choice = case.choices[flow - len(case.flows)]
            ids = {link.id: link for link in case.links}
            ends = ids[choice.origin].from_, ids[choice.destination].to
        else:
            ends = case.links[route[0]].from_, case.links[route[-1]].to
        vehicle = world.addVehicle(*ends, wish_ms / 1_000.0, name=str(trip))
        if flow < len(case.flows):
            vehicle.enforce_route([case.links[row].id for row in route])
        vehicles.append(vehicle)
    world.exec_simulation()
    return _run(case, vehicles, demand.release_ms, demand.flow, demand.routes.pool[demand.routes.start])


def _run(case: Case, vehicles: list, release_ms: np.ndarray, flow: np.ndarray, first_link: np.ndarray) -> Run:
    """UXsim's logs of links entered, as passages."""
    row_of = {link.id: row for row, link in enumerate(case.links)}
    passages: list[tuple[int, int, int, int]] = []
    entered, arrived = np.full(len(vehicles), -1), np.full(len(vehicles), -1)
    for trip, vehicle in enumerate(vehicles):
        steps = [(round(1_000 * t), where) for t, where in vehicle.log_t_link]
        links = [(t, where) for t, where in steps if not isinstance(where, str)]
        ends = [t for t, where in steps if where == "end"]
        moments = [t for t, _ in links] + (ends[:1] or [int(STILL_THERE)])
        for k, (enter_ms, link) in enumerate(links):
            passages.append((trip, row_of[link.name], enter_ms, moments[k + 1]))
        entered[trip] = links[0][0] if links else -1
        arrived[trip] = ends[0] if ends else -1
    columns = np.array(passages, dtype=np.int64).T
    return Run(
        case,
        *(columns[0].astype(np.int32), columns[1].astype(np.int32), columns[2], columns[3]),
        *(release_ms, entered, arrived, flow, first_link, 0),
    )
