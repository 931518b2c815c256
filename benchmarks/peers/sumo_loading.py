"""A speed world in SUMO: the same streets, departures and routes (Lopez et al. 2018, ITSC)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from benchmarks.peers import need
from benchmarks.speed.junctions import with_signals
from benchmarks.speed.world import World

MESO = ["--mesosim", "true"]
CONTROLLED = [*MESO, "--meso-junction-control", "true"]
# vehicles so equipped look for a route when they depart and every 5 minutes under way, by live mean speeds
GUIDED = [*CONTROLLED, "--device.rerouting.probability", "0.3", "--device.rerouting.period", "300"]
OPTIONS = {
    # without control a junction takes no time here or in UXsim: so nobody drives the metres inside it either
    "SUMO meso": [*MESO, "--meso-junction-control", "false", "--no-internal-links", "true"],
    "SUMO meso, junction control": CONTROLLED,
    "SUMO meso, re-routing": GUIDED,
    "SUMO meso, re-routing by A*": [*GUIDED, "--routing-algorithm", "astar"],
    "SUMO micro": [],
}


def write_network(world: World, folder: Path) -> Path:
    """Nodes and edges, joined by netconvert; signals where two arterials cross, priority elsewhere."""
    home = Path(str(need("sumo").SUMO_HOME))
    signals = with_signals(world)
    with (folder / "in.nod.xml").open("w") as file:
        file.write("<nodes>\n")
        for node, (x, y) in enumerate(zip(world.x_m.tolist(), world.y_m.tolist(), strict=True)):
            kind = "traffic_light" if signals[node] else "priority"
            file.write(f'<node id="n{node}" x="{x}" y="{y}" type="{kind}"/>\n')
        file.write("</nodes>\n")
    with (folder / "in.edg.xml").open("w") as file:
        file.write("<edges>\n")
        for link in range(world.tail.shape[0]):
            file.write(
                f'<edge id="l{link}" from="n{world.tail[link]}" to="n{world.head[link]}" '
                f'numLanes="{world.lanes[link]}" speed="{world.speed_mps[link]:.4f}" '
                f'priority="{world.lanes[link]}" length="{world.length_m[link]:.2f}"/>\n'
            )
        file.write("</edges>\n")
    net = folder / "net.xml"
    subprocess.run(
        [
            *(str(home / "bin" / "netconvert"), "-n", str(folder / "in.nod.xml")),
            *("-e", str(folder / "in.edg.xml"), "-o", str(net), "--no-warnings"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return net


def write_routes(world: World, folder: Path) -> Path:
    """Vehicles of 5 m and 2.5 m gap, all at the posted speed, with their routes."""
    file_name = folder / "in.rou.xml"
    order = np.argsort(world.depart_s, kind="stable")
    with file_name.open("w") as file:
        file.write('<routes>\n<vType id="car" length="5" minGap="2.5" speedFactor="1" speedDev="0"/>\n')
        for trip in order.tolist():
            links = " ".join(f"l{link}" for link in world.pool[world.start[trip] : world.end[trip]].tolist())
            file.write(
                f'<vehicle id="{trip}" type="car" depart="{world.depart_s[trip]:.3f}" departSpeed="max">'
                f'<route edges="{links}"/></vehicle>\n'
            )
        file.write("</routes>\n")
    return file_name


def build(
    world: World, engine: str, folder: Path
) -> tuple[Callable[[], None], Callable[[], dict[str, float]]]:
    """A ready simulation, all routes read, and a reader of its results."""
    sumo = need("libsumo")
    net, routes = write_network(world, folder), write_routes(world, folder)
    statistics = folder / "statistics.xml"
    sumo.start(
        [
            *("sumo", "-n", str(net), "-r", str(routes), "--route-steps", "0"),
            *("--statistic-output", str(statistics), "--no-step-log", "--no-warnings", "--seed", "1"),
            *("--duration-log.statistics", "true", "--verbose", "false", *OPTIONS[engine]),
        ]
    )

    def simulate() -> None:
        sumo.simulationStep(float(world.horizon_s))

    def results() -> dict[str, float]:
        sumo.close()
        root = ET.parse(statistics).getroot()  # its own output, read back
        trips = root.find("vehicleTripStatistics").attrib
        teleports = root.find("teleports").attrib
        return {
            "completed": float(trips["count"]),
            "mean_trip_s": float(trips["duration"]) + float(trips["departDelay"]),
            "teleports": float(teleports["total"]),
        }

    return simulate, results
