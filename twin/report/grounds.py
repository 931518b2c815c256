"""The territories under the scenarios of a report: found again, drawn once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from twin.errors import InputError
from twin.report.drawn import WHOLE, DrawnNetwork, LinkFlows, LinkMap, Measure
from twin.report.network import network_of, provenance_of, united, zone_names_of
from twin.report.svgmap import frame_bounds
from twin.report.travel import link_flows
from twin.report.view import ProvenanceShare, ScenarioCard
from twin.study.ground import ground_of
from twin.study.results import Result
from twin.territory.territory import Territory

MOST_DRAWN_APART = 3
"""Of more scenarios than these only differences of flow are drawn, so that the page can still be mailed."""


@dataclass(frozen=True)
class Grounds:
    """Networks, the network of each scenario, and what is said of those that were not found."""

    networks: tuple[DrawnNetwork, ...]
    network_of_scenario: tuple[int, ...]
    """Row of ``networks`` per scenario; empty if a territory was not found."""
    provenance: tuple[ProvenanceShare, ...]
    zone_names: Mapping[str, str]
    warnings: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether every scenario can be drawn."""
        return bool(self.network_of_scenario)


def grounds_of(samples: Sequence[Result]) -> Grounds:
    """Territories of the runs, each once; a page without maps says why it has none."""
    try:
        territories = [territory_of(sample) for sample in samples]
    except InputError as error:
        return Grounds((), (), (), {}, (f"No maps: {error.what}",))
    networks, rows = drawn_networks_of(territories)
    names = {zone: name for each in territories for zone, name in zone_names_of(each).items()}
    return Grounds(networks, rows, provenance_of(territories[0]), names, ())


def drawn_networks_of(territories: Sequence[Territory]) -> tuple[tuple[DrawnNetwork, ...], tuple[int, ...]]:
    """Streets of each ground once, with all that any of its territories builds; and the row of each.

    Edits add links between nodes that are there, so that territories with the same nodes are one ground.
    """
    by_ground: dict[bytes, dict[str, Territory]] = {}
    keys = [_ground_of(each) for each in territories]
    for key, territory in zip(keys, territories, strict=True):
        by_ground.setdefault(key, {}).setdefault(territory.digest, territory)
    drawn = tuple(united([network_of(each) for each in same.values()]) for same in by_ground.values())
    return drawn, tuple(list(by_ground).index(key) for key in keys)


def _ground_of(territory: Territory) -> bytes:
    """What edits of streets leave as it is: nodes, and names of zones."""
    nodes, zones = territory.streets, "\n".join(territory.zones.name)
    return nodes.node_id.tobytes() + nodes.node_lon.tobytes() + zones.encode()


def territory_of(result: Result) -> Territory:
    """The territory that a run used, from memory or from where it lies."""
    if result.record is not None:
        return result.record.territory
    return ground_of(result.scenario, result.manifest).edited


def flows_of(grounds: Grounds, links: Sequence[pd.DataFrame]) -> tuple[LinkFlows, ...]:
    """Flows of each scenario, mean over seeds."""
    return tuple(
        link_flows(table, network) for table, network in zip(links, grounds.network_of_scenario, strict=True)
    )


def maps_of(scenarios: Sequence[ScenarioCard], grounds: Grounds) -> tuple[LinkMap, ...]:
    """Which maps a report shows: each scenario in its focus, and differences where the streets are shared.

    One territory and one focus: the whole base, base and alternative zoomed to the focus, differences.
    Otherwise each scenario zoomed to its own focus, side by side, on one scale. Of many scenarios only
    the base and the differences of flow.
    """
    if not grounds.found:
        return ()
    if len(scenarios) == 1:
        return _run_maps(scenarios[0], grounds)
    focuses = {scenario.focus for scenario in scenarios}
    shared = len(set(grounds.network_of_scenario)) == 1
    maps: list[LinkMap] = []
    if shared and (WHOLE not in scenarios[0].focus or len(focuses) > 1):
        maps.append(
            LinkMap(f"{scenarios[0].role}, whole area: flow and delay", "flow", 0, focus=_lit(scenarios))
        )
    few = len(scenarios) <= MOST_DRAWN_APART
    for row, scenario in enumerate(scenarios if few else scenarios[:1]):
        bounds = frame_bounds(grounds.networks[grounds.network_of_scenario[row]], scenario.focus)
        title = f"{scenario.role}, {scenario.focus_name(grounds.zone_names)}: flow and delay"
        maps.append(LinkMap(title, "flow", row, None, bounds, ",".join(scenario.focus), wide=False))
    if shared and len(focuses) == 1:
        focus = ",".join(scenarios[0].focus)
        kinds: tuple[Measure, ...] = ("flow_difference", "delay_difference") if few else ("flow_difference",)
        for measure in kinds:
            what = measure.partition("_")[0]
            for row, scenario in enumerate(scenarios[1:], start=1):
                maps.append(LinkMap(f"{scenario.role} minus base: {what}", measure, row, 0, focus=focus))
    return tuple(maps)


def _run_maps(scenario: ScenarioCard, grounds: Grounds) -> tuple[LinkMap, ...]:
    focus = ",".join(scenario.focus)
    whole = LinkMap("Flow and delay, whole area", "flow", 0, focus=focus)
    if WHOLE in scenario.focus:
        return (whole,)
    bounds = frame_bounds(grounds.networks[0], scenario.focus)
    name = scenario.focus_name(grounds.zone_names)
    return (LinkMap(f"Flow and delay, {name}", "flow", 0, None, bounds, focus), whole)


def _lit(scenarios: Sequence[ScenarioCard]) -> str:
    """All zones that a scenario looks at."""
    return ",".join(dict.fromkeys(zone for scenario in scenarios for zone in scenario.focus))
