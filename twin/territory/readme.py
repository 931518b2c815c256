"""README of a territory folder: place, date, licence, what was repaired, what is observed or inferred."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twin.scenario.basket import SERVICES
from twin.territory.control import links_by_control
from twin.territory.kerbs import parking_supply
from twin.territory.tables import GIVEN, PROVENANCES, ROAD_CLASSES, Gateways, Places, Streets, Zones
from twin.territory.utilities.tables import UTILITIES

MEANINGS = (
    "the map says it of this very element, or it was measured there",
    "it follows by a rule of the ledger from what the map says of this element, its class or its use",
    "the map says nothing that it could follow from: what the ledger states stands in",
)
"""What each of `PROVENANCES` means."""
MOTORWAY = (ROAD_CLASSES.index("motorway"), ROAD_CLASSES.index("motorway_link"))


def describe(name: str, tables: Mapping[str, Any], meta: Mapping[str, Any], digest: str) -> str:
    """The README's text, in Markdown."""
    streets: Streets = tables["streets"]
    places: Places = tables["places"]
    sections = (
        _head(name, tables, meta, digest),
        _streets(streets, meta),
        _gateways(tables["gateways"], meta),
        _turns(meta),
        _control(streets, meta),
        _parking(streets, places),
        _zones(tables["zones"], streets, places),
        _provenance(streets, places),
        *_services(meta),
        *_utilities(meta),
        _repairs(meta),
    )
    return "\n\n".join(sections) + "\n"


def _head(name: str, tables: Mapping[str, Any], meta: Mapping[str, Any], digest: str) -> str:
    box = ", ".join(f"{each:g}" for each in meta["bbox"])
    paths = tables["paths"]
    return f"""# Territory `{name}`

| | |
|---|---|
| place | {meta["place"] or name} |
| box (west, south, east, north) | {box} |
| date of the map | {meta["date"] or "unknown"} |
| source | {meta["source"]} |
| SHA-256 of the source | `{meta["source_sha256"]}` |
| licence | Map data {meta["attribution"]}, Open Database Licence 1.0 (ODbL) |
| built by | {meta["built_by"]} |
| schema version | {meta["schema_version"]} |
| content digest | `{digest}` |

{tables["streets"].n_nodes} nodes and {tables["streets"].n_links} directed links for cars, \
{len(paths.u)} paths for walking and cycling, {tables["places"].n_places} places from \
{meta["buildings"]} buildings. Lengths in metres; positions in degrees (WGS 84) and in a local plane \
(`{meta["crs"]}`)."""


def _streets(streets: Streets, meta: Mapping[str, Any]) -> str:
    lines = ["## Streets", "", "| class | links | directed km | lost km |", "|---|---|---|---|"]
    for number, name in enumerate(ROAD_CLASSES):
        chosen = streets.road_class == number
        lost = meta["lost_km"].get(name, 0.0)
        if chosen.any() or lost:
            km = streets.length_m[chosen].sum() / 1000.0
            lines.append(f"| {name} | {chosen.sum()} | {km:.1f} | {lost:.1f} |")
    km = streets.length_m.sum() / 1000.0
    lines.append(f"| all | {streets.n_links} | {km:.1f} | {sum(meta['lost_km'].values()):.1f} |")
    text = "Lost: links that cannot be reached from the core or a gateway, or do not lead to one."
    return "\n".join([*lines, "", text, *_motorway(streets)])


def _motorway(streets: Streets) -> list[str]:
    """A warning where nobody can choose between the motorway and the streets."""
    motorway = np.isin(streets.road_class, MOTORWAY)
    if not motorway.any():
        return ["", "**There is no motorway here, and no connection to one.**"]
    met = np.union1d(streets.tail[motorway], streets.head[motorway])
    if np.isin(met, np.union1d(streets.tail[~motorway], streets.head[~motorway])).any():
        return []
    return ["", "**The motorway crosses the box, but no junction joins it to the streets.**"]


def _gateways(gateways: Gateways, meta: Mapping[str, Any]) -> str:
    lines = ["## Gateways", "", "| group | gates | enter | leave | kind |", "|---|---|---|---|---|"]
    for group in sorted(set(gateways.group.tolist())):
        rows = gateways.group == group
        kinds = ", ".join(sorted(set(gateways.kind[rows].tolist())))
        enter, leave = int((gateways.in_link[rows] >= 0).sum()), int((gateways.out_link[rows] >= 0).sum())
        lines.append(f"| {group} | {rows.sum()} | {enter} | {leave} | {kinds} |")
    pairs = meta["unreachable_pairs"]
    return "\n".join([*lines, "", f"Pairs of gates (enter, leave) without a path between them: {pairs}."])


def _turns(meta: Mapping[str, Any]) -> str:
    counts = meta.get("turn_restrictions", {})
    lines = [f"- {name}: {count}" for name, count in counts.items()] or ["- none"]
    return "\n".join(["## Turn restrictions", "", *lines])


def _control(streets: Streets, meta: Mapping[str, Any]) -> str:
    head = [
        "## Junction control",
        "",
        "| control at the end of links | observed | inferred |",
        "|---|---|---|",
    ]
    rows = links_by_control(streets).items()
    lines = [f"| {name.replace('_', ' ')} | {row['observed']} | {row['inferred']} |" for name, row in rows]
    counts = [f"- {name}: {count}" for name, count in meta.get("junction_control", {}).items()]
    note = """Nodes of the map on streets, and how many of them stand at a junction or so shortly before one
(`territory.control_reach_m`) that they control it; the others, and signalled crossings on foot, control
nothing. Inferred: a link yields to a through road of higher rank (`territory.priority_rank`)."""
    return "\n".join([*head, *lines, "", note, *([""] if counts else []), *counts])


def _parking(streets: Streets, places: Places) -> str:
    kinds = ("spaces", "paid", *PROVENANCES)
    lines = ["## Parking open to everybody", "", f"| | {' | '.join(kinds)} |", "|---|---|---|---|---|---|"]
    for name, row in parking_supply(streets, places).items():
        lines.append(f"| {name} | " + " | ".join(str(row[kind]) for kind in kinds) + " |")
    return "\n".join(lines)


def _zones(zones: Zones, streets: Streets, places: Places) -> str:
    lines = [
        "## Zones",
        "",
        "| zone | communes | inhabitants | bounded by | links | places |",
        "|---|---|---|---|---|---|",
    ]
    for row, name in enumerate(zones.name):
        people = zones.inhabitants[row]
        counted = "unknown" if np.isnan(people) else f"{people:.0f}"
        n_links, n_places = int((streets.zone == row).sum()), int((places.zone == row).sum())
        communes = ", ".join(zones.communes[row]) or "-"
        lines.append(f"| {name} | {communes} | {counted} | {zones.method[row]} | {n_links} | {n_places} |")
    return "\n".join(lines)


def _provenance(streets: Streets, places: Places) -> str:
    lines = [
        "## Observed, inferred, assumed",
        "",
        *(f"- **{name}**: {meaning}" for name, meaning in zip(PROVENANCES, MEANINGS, strict=True)),
        "",
        "| | " + " | ".join(PROVENANCES) + " |",
        "|---|---|---|---|",
    ]
    length = streets.length_m
    for label, column in (
        ("speed", streets.speed_provenance),
        ("lanes", streets.lanes_provenance),
        ("capacity", streets.capacity_provenance),
        (_slope_label(streets), streets.elevation_provenance),
    ):
        shares = [100.0 * float(length[column == kind].sum() / length.sum()) for kind in range(3)]
        lines.append(
            f"| {label}, % of directed km | " + " | ".join(f"{share:.1f}" for share in shares) + " |"
        )
    counts = [int((places.provenance == kind).sum()) for kind in range(3)]
    lines.append("| capacities, places | " + " | ".join(map(str, counts)) + " |")
    note = """Speeds, lanes and capacities that are not tagged go by road class (ledger rows `territory.*`);
bends lower speeds. Nearly every building is mapped as `building=yes`: its levels, dwellings, jobs and
shops follow from its footprint and how densely its surroundings are built, and count as assumed; where
the use is tagged they count as inferred, where levels or capacity are tagged too, as observed."""
    return "\n".join([*lines, "", note])


def _slope_label(streets: Streets) -> str:
    """Of slopes, with the word for what a file of heights gave where one was read."""
    given = bool((streets.elevation_provenance == GIVEN).any())
    return f"slope ({'inferred: given by a file; ' if given else ''}flat where assumed)"


def _services(meta: Mapping[str, Any]) -> list[str]:
    """Services by how they are known, for territories that have any."""
    if "services" not in meta:
        return []
    head = ["## Services", "", f"| service | {' | '.join(PROVENANCES)} |", "|---|---|---|---|"]
    lines = [
        f"| {name} | " + " | ".join(str(meta["services"][name][each]) for each in PROVENANCES) + " |"
        for name in SERVICES
    ]
    note = f"""Services at the places, in `services.parquet`; digest `{meta["services_digest"]}`.
Observed: the map names such a service. Inferred: the map names something that has one as a rule (a town
hall a counter, a restaurant a cafe, a hospital doctors). Assumed: a map without a single doctor gets a
practice at each pharmacy. What the map does not show is missing here too."""
    return ["\n".join([*head, *lines, "", note])]


def _utilities(meta: Mapping[str, Any]) -> list[str]:
    """Elements of each utility by how they are known, for territories that have any."""
    if "utility_digest" not in meta:
        return []
    head = f"| utility | elements | {' | '.join(PROVENANCES)} |"
    lines = ["## Utility layers", "", head, "|---|---|---|---|---|"]
    counts = {name: meta["utilities"][name] for name in UTILITIES}
    for name, row in counts.items():
        if not row["elements"]:
            continue
        numbers = [row["elements"], *(row[each] for each in PROVENANCES)]
        lines.append(f"| {name} | " + " | ".join(map(str, numbers)) + " |")
    note = f"""Nodes and edges together; digest `{meta["utility_digest"]}`, utility schema \
{meta["utility_schema_version"]}. Observed: an element of the map (a pole, a substation, a hydrant, a
pipeline), each once. Inferred: laid along the streets to the places, by rules of the ledger
(`utilities.*`): that a place is served and that its street carries the cable or main is near certain,
where exactly is not. Assumed: nothing on the map speaks for it but that there must be one: where power and
water come in, pumps and tanks that are not mapped, exchanges, mobile sites. Gas, other and unknown are what
is mapped, and no network is laid for them. Where heights are unknown each water network is one pressure
zone of an assumed head: its pressures are not verifiable. Which place and which street depends on which
node stands in
`utility_dependencies.parquet`."""
    return ["\n".join([*lines, "", note])]


def _repairs(meta: Mapping[str, Any]) -> str:
    lines = ["## Repairs", ""]
    lines += [f"- {name.replace('_', ' ')}: {count}" for name, count in meta["repairs"].items()]
    return "\n".join(lines)
