"""A smaller territory cut out of one that is built: link ids stay, and roads that are cut get gateways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.errors import InputError
from twin.readers.osm import Box
from twin.scenario.ledger import Parameters
from twin.territory.access import nearest_links, nearest_nodes, with_doors
from twin.territory.area import Area
from twin.territory.build import Parts
from twin.territory.gateways import (
    LOWEST_GATE_CLASS,
    SIDE_NAMES,
    best_link,
    make_gateways,
    road_name,
    unreachable_pairs,
)
from twin.territory.geometry import Plane
from twin.territory.inhabitants import people_of_cut
from twin.territory.services import Services
from twin.territory.tables import Flags, Gateways, Ints, Paths, Places, Streets, TurnBans, Zones
from twin.territory.topology import km_by_class
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import mapped_in
from twin.territory.utilities.tables import Utilities


def cut_out(
    name: str,
    digest: str,
    content: tuple[Mapping[str, Any], Utilities, TurnBans, Services],
    meta: Mapping[str, Any],
    area: Area,
) -> Parts:
    """Tables and notes of what lies in the area of a territory with that name, digest, content and notes.

    A link that is partly inside is kept whole, to its next junction outside. A gateway stands wherever a
    road of tertiary class or above goes on outside, and where one stood before; minor roads that are cut
    are dead ends. Every link wholly inside is kept, also one that led out of the area by a minor road only.
    Utilities are laid anew over what is mapped in the box of the part.
    """
    tables, utilities, turns, services = content
    streets: Streets = tables["streets"]
    plane = Plane.from_crs(str(meta["crs"]))
    kept, whole = area.links(streets)
    if not kept.any():
        raise InputError("cut", f"no street of {name} in {area.spelled}", "a part of it that has streets")
    inside = area.places(tables["places"])
    made, node_row = _streets_of(streets, kept, tables["places"].access_link[inside])
    west, south = float(made.shape_lon.min()), float(made.shape_lat.min())
    box = (west, south, float(made.shape_lon.max()), float(made.shape_lat.max()))
    gateways = _gateways_of(tables["gateways"], streets, kept, (made, node_row), box)
    paths, path_row = _paths_of(tables["paths"], area.path_nodes(tables["paths"], streets, plane))
    rows = _rows(kept), path_row
    places = _places_of(tables["places"].taken(inside), rows, (made, paths), plane)
    n_unserved = int(inside.sum()) - places.n_places
    made, places, zones = _without_empty_zones(made, places, tables["zones"])
    new = {"streets": made, "gateways": gateways, "zones": zones, "places": places, "paths": paths}
    cut = {
        "from": name,
        "from_digest": digest,
        "by": area.spelled,
        "links_inside": int(whole.sum()),
        "links_across": int((kept & ~whole).sum()),
        "links_outside": int((~kept).sum()),
        "places_inside": places.n_places,
        "places_out_of_reach": n_unserved,
        "places_outside": int((~inside).sum()),
        **_count_gateways(gateways, tables["gateways"]),
    }
    here = services.moved(tables["places"], places)
    laid = lay_utilities((made, places, zones), mapped_in(utilities, box), Parameters.defaults())
    notes = _notes(name, meta, tables, new, box) | laid.notes()
    notes |= here.notes() | {"utilities": laid.counts(), "cut": cut}
    return Parts(new, laid, turns.taken(kept), here, notes)


def _notes(
    name: str, meta: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], box: Box
) -> dict[str, Any]:
    """The larger territory's notes, with what has changed."""
    streets: Streets = new["streets"]
    in_buildings = [each.startswith(("way:", "relation:")) for each in new["places"].place_id.tolist()]
    everything = np.ones(streets.n_links, dtype=bool)
    return {
        **meta,
        **people_of_cut(meta, old),
        "bbox": list(box),
        "source": f"{meta['source']}, cut out of {name}",
        "repairs": {},
        "junction_control": {},
        "lost_km": {},
        "total_km": km_by_class(streets.length_m, streets.road_class, everything),
        "gateways": len(new["gateways"].gate_id),
        "unreachable_pairs": unreachable_pairs(new["gateways"], streets),
        "buildings": sum(in_buildings),
    }


def _count_gateways(gateways: Gateways, before: Gateways) -> dict[str, int]:
    stood = np.isin(gateways.gate_id, before.gate_id)
    return {"gateways_kept": int(stood.sum()), "gateways_cut": int((~stood).sum())}


def _rows(kept: Flags) -> Ints:
    """New row of each old one, -1 for what is left out."""
    return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)


def _streets_of(streets: Streets, kept: Flags, served: Ints) -> tuple[Streets, Ints]:
    """The kept links with their nodes, members and lines, and the new row of each node.

    Of the strongly connected parts that the cut leaves, the core is the one with the most places at it.
    """
    ends = np.zeros(streets.n_nodes, dtype=bool)
    ends[streets.tail[kept]], ends[streets.head[kept]] = True, True
    node_row = _rows(ends)
    columns = streets.columns()
    chosen: dict[str, Any] = {"communes": streets.communes}
    for prefix, rows in (
        ("member_", np.repeat(kept, np.diff(streets.member_start))),
        ("shape_", np.repeat(kept, np.diff(streets.shape_start))),
        ("node_", ends),
        ("", kept),
    ):
        for name in columns:
            if name.startswith(prefix) and name not in chosen and not name.endswith("_start"):
                chosen[name] = columns[name][rows]
    for name in ("member_start", "shape_start"):
        counts = np.diff(columns[name])[kept]
        chosen[name] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    chosen["tail"], chosen["head"] = node_row[chosen["tail"]], node_row[chosen["head"]]
    n_places = np.bincount(served[served >= 0], minlength=streets.n_links)[kept]
    chosen["core"] = _core(chosen["tail"], chosen["head"], int(ends.sum()), n_places)
    return Streets(**chosen), node_row


def _core(tail: Ints, head: Ints, n_nodes: int, n_places: np.ndarray) -> Flags:
    """Links within the strongly connected part that has most places, of equals most links (n_links,)."""
    graph = coo_array((np.ones(len(tail)), (tail, head)), (n_nodes, n_nodes))
    _, part = connected_components(graph, directed=True, connection="strong")
    within = part[tail] == part[head]
    if not within.any():
        return np.zeros(len(tail), dtype=np.bool_)
    links = np.bincount(part[tail[within]])
    places = np.bincount(part[tail[within]], weights=n_places[within])
    best = max(range(len(links)), key=lambda each: (places[each], links[each], -each))
    return np.asarray(within & (part[tail] == best), dtype=np.bool_)


def _gateways_of(
    before: Gateways, streets: Streets, kept: Flags, after: tuple[Streets, Ints], box: Box
) -> Gateways:
    """Gateways that stood there and those where a road was cut, which is entered and left as it ran."""
    made, node_row = after
    gone = ~kept & (streets.road_class <= LOWEST_GATE_CLASS)
    opens, closes = np.zeros((2, streets.n_nodes), dtype=bool)
    opens[streets.head[gone]], closes[streets.tail[gone]] = True, True
    stood = {int(streets.node_id[node]): row for row, node in enumerate(before.node) if node_row[node] >= 0}
    for node, row in zip(before.node.tolist(), range(len(before.node)), strict=True):
        opens[node] |= before.in_link[row] >= 0
        closes[node] |= before.out_link[row] >= 0
    nodes = np.flatnonzero((opens | closes) & (node_row >= 0))
    ids = streets.node_id[nodes].tolist()
    kinds = [str(before.kind[stood[each]]) if each in stood else "cut" for each in ids]
    gates = make_gateways(ids, kinds, made, box).columns()
    node = np.flatnonzero(node_row >= 0)[gates["node"]]
    gates["in_link"] = np.where(opens[node], gates["in_link"], -1)
    gates["out_link"] = np.where(closes[node], gates["out_link"], -1)
    outer = [_outside_name(streets, gone, each) for each in node.tolist()]
    sides = [SIDE_NAMES[side] for side in gates["side"].tolist()]
    gates["group"] = np.array([" ".join(parts) for parts in zip(outer, sides, strict=True)], dtype=np.str_)
    for name in ("group", "side"):
        old = dict(zip(before.gate_id.tolist(), getattr(before, name).tolist(), strict=True))
        fresh = zip(gates["gate_id"].tolist(), gates[name].tolist(), strict=True)
        gates[name] = np.array([old.get(gate, each) for gate, each in fresh], dtype=np.str_)
    leads = (gates["in_link"] >= 0) | (gates["out_link"] >= 0)
    return Gateways(**{name: column[leads] for name, column in gates.items()})


def _outside_name(streets: Streets, gone: Flags, node: int) -> str:
    """Name of the greatest road that was cut at a node; nothing where a gateway stood before."""
    link = best_link(streets, gone & ((streets.tail == node) | (streets.head == node)))
    return road_name(streets, link) if link >= 0 else ""


def _paths_of(paths: Paths, inside: Flags) -> tuple[Paths, Ints]:
    """The largest connected part of the paths with an end inside, and the new row of each node."""
    kept = inside[paths.u] | inside[paths.v]
    n_nodes = len(paths.node_x_m)
    graph = coo_array((np.ones(int(kept.sum())), (paths.u[kept], paths.v[kept])), (n_nodes, n_nodes))
    _, part = connected_components(graph, directed=False)
    if kept.any():
        kept &= part[paths.u] == np.bincount(part[paths.u[kept]]).argmax()
    held = np.zeros(n_nodes, dtype=bool)
    held[paths.u[kept]], held[paths.v[kept]] = True, True
    row = _rows(held)
    columns = {
        name: column[held if name.startswith("node_") else kept] for name, column in paths.columns().items()
    }
    columns["u"], columns["v"] = row[columns["u"]], row[columns["v"]]
    return Paths(**columns), row


def _places_of(
    places: Places, rows: tuple[Ints, Ints], networks: tuple[Streets, Paths], plane: Plane
) -> Places:
    """Places at their street and path as before; where that was left out, at the nearest there is now."""
    streets, paths = networks
    reach_m = Parameters.defaults()["territory.street_reach_m"]
    link_row, path_row = rows
    link = np.where(places.access_link >= 0, link_row[places.access_link], -1)
    lost = np.flatnonzero((link < 0) | ~with_doors(streets)[link])
    link[lost] = nearest_links(places.x_m[lost], places.y_m[lost], streets, plane, reach_m)
    node = np.where(places.path_node >= 0, path_row[places.path_node], -1)
    astray = np.flatnonzero(node < 0)
    node[astray] = nearest_nodes(places.x_m[astray], places.y_m[astray], paths)
    link, node = link.astype(np.int32), node.astype(np.int32)
    return replace(places, access_link=link, path_node=node).taken(link >= 0)


def _without_empty_zones(streets: Streets, places: Places, zones: Zones) -> tuple[Streets, Places, Zones]:
    """The tables with the zones that are left, rows anew; a pool keeps those of its zones that are."""
    held = np.zeros(len(zones.name), dtype=bool)
    for column in (streets.zone, places.zone):
        held[column[column >= 0]] = True
    row = np.append(_rows(held), -1).astype(np.int16)  # the last for those in no zone
    left = np.flatnonzero(held).tolist()
    texts = {
        name: tuple(getattr(zones, name)[each] for each in left)
        for name in ("name", "communes", "insee", "rings", "method")
    }
    pools = [
        (pool, tuple(each for each in members if each in texts["name"])) for pool, members in zones.pools
    ]
    kept_pools = tuple((pool, members) for pool, members in pools if members)
    made = Zones(inhabitants=zones.inhabitants[left], pools=kept_pools, **texts)
    return replace(streets, zone=row[streets.zone]), replace(places, zone=row[places.zone]), made
