"""Places: what can be done in which building, for how many, from tags, points near by and floor area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from twin.readers.osm import Box, OsmPoint, Tags
from twin.territory.access import nearest_links, nearest_nodes
from twin.territory.buildings import Footprint, built_share, middles, owners, read_footprints
from twin.territory.communes import locate
from twin.territory.geometry import in_rings
from twin.territory.place_drafts import PlaceDraft, PlaceRules
from twin.territory.services import Offered, Services, services_named, services_table
from twin.territory.streets import StreetGround
from twin.territory.tables import ASSUMED, INFERRED, OBSERVED, Floats, Ints, Paths, Places, Streets
from twin.territory.uses import (
    HOME,
    NONE,
    PARKING,
    SCHOOL,
    SHOP,
    building_use,
    is_large,
    point_use,
    tagged_count,
)
from twin.territory.zones import zone_of


def find_footprints(ground: StreetGround, box: Box | None, repairs: Counter[str]) -> list[Footprint]:
    """Footprints of the extract within the box (see `read_footprints`)."""
    return read_footprints(ground.extract, ground.plane, box, ground.parameters, repairs)


def make_places(
    footprints: Sequence[Footprint],
    box: Box | None,
    networks: tuple[Streets, Paths],
    ground: StreetGround,
    repairs: Counter[str],
) -> tuple[Places, Services]:
    """All places: buildings with what is in them, and points and areas that lie in no building.

    What lies out of reach of the streets (another valley) is left out and counted.
    """
    rules = PlaceRules(ground.parameters)
    buildings = [each for each in footprints if each.is_building]
    areas = [each for each in footprints if not each.is_building]
    places = _buildings(buildings, ground, rules)
    _teach(areas, buildings, places, rules)
    points = [p for p in ground.extract.points if _is_place(p, box)]
    near_m = ground.parameters["territory.poi_to_building_m"]
    for point, owner in zip(points, owners(points, buildings, ground.plane, near_m).tolist(), strict=True):
        if owner < 0:
            places.append(PlaceDraft(f"node:{point.id}", point.lon, point.lat, provenance=ASSUMED))
        before = dict(places[owner].visits)
        _put_point(places[owner], point.tags, rules)
        places[owner].offer(f"node:{point.id}", point.tags, before)
    for area in areas:
        if point_use(area.tags) not in (SCHOOL, NONE):
            places.append(_area(area, rules))
    used = sorted((place for place in places if _has_use(place)), key=lambda place: place.id)
    x = ground.plane.x_m(np.array([place.lon for place in used]))
    y = ground.plane.y_m(np.array([place.lat for place in used]))
    reach_m = ground.parameters["territory.street_reach_m"]
    access = nearest_links(x, y, networks[0], ground.plane, reach_m)
    repairs["places_out_of_reach"] += int((access < 0).sum())
    near = [place for place, link in zip(used, access.tolist(), strict=True) if link >= 0]
    offered = services_table([place.services for place in near], [place.visits for place in near])
    return _columns(near, access[access >= 0], networks[1], ground), offered


def dwellings_of(buildings: Sequence[Footprint], ground: StreetGround) -> Floats:
    """Dwellings of each building by its own tags, or as inferred (n_buildings,)."""
    places = _buildings(buildings, ground, PlaceRules(ground.parameters))
    return np.array([place.dwellings for place in places], dtype=np.float64)


def _buildings(buildings: Sequence[Footprint], ground: StreetGround, rules: PlaceRules) -> list[PlaceDraft]:
    built = built_share(buildings, ground.parameters["territory.coverage_radius_m"])
    dense = np.searchsorted(rules.steps, built)
    return [_building(each, int(step), rules) for each, step in zip(buildings, dense, strict=True)]


def _is_place(point: OsmPoint, box: Box | None) -> bool:
    here = box is None or (box[0] <= point.lon <= box[2] and box[1] <= point.lat <= box[3])
    return here and point_use(point.tags) != NONE


def _has_use(place: PlaceDraft) -> bool:
    return place.dwellings > 0 or place.jobs > 0 or bool(place.visits) or place.use != NONE


def _building(each: Footprint, dense: int, rules: PlaceRules) -> PlaceDraft:
    """A building by its own tags; where they are silent, homes, and work in large or dense ones."""
    tagged = tagged_count(each.tags, "building:levels")
    use = building_use(each.tags)
    small = each.area_m2 < rules.outbuilding
    levels = tagged or (1.0 if small else rules.levels[dense])
    place = PlaceDraft(each.id, each.lon, each.lat, each.area_m2 * levels, levels)
    place.provenance = ASSUMED if use is None else OBSERVED if tagged else INFERRED
    place.fuel = each.tags.get("amenity") == "fuel"
    if use is None:
        use = NONE if small else HOME
        if use == HOME:
            _mixed(place, each.area_m2, dense, rules)
    elif use == HOME:
        place.dwellings = max(1.0, place.floor_m2 / rules.dwelling)
    else:
        _dedicate(place, use, place.floor_m2, each.tags, rules)
    place.use = use
    place.offer(each.id, each.tags, {})
    return place


def _mixed(place: PlaceDraft, footprint_m2: float, dense: int, rules: PlaceRules) -> None:
    """Homes, with work on part of the ground floor in dense quarters and in part of large buildings."""
    work_m2 = place.floor_m2 * rules.large_work if footprint_m2 >= rules.large else 0.0
    if dense >= 3 and footprint_m2 < rules.large:
        work_m2 = footprint_m2 * rules.ground_work
    if dense >= 3:
        place.add(SHOP, footprint_m2 * rules.ground_work * rules.shop_share / rules.floor_per_visit[SHOP])
    place.jobs = work_m2 / rules.per_job
    place.dwellings = max(1.0, (place.floor_m2 - work_m2) / rules.dwelling)


def _dedicate(place: PlaceDraft, use: str, floor_m2: float, tags: Tags, rules: PlaceRules) -> None:
    """Add a floor that serves one use: visitors, pupils or cars, and the jobs that go with it."""
    capacity = tagged_count(tags, "capacity")
    if use == PARKING:
        place.add_car_park(tags, capacity or floor_m2 / rules.per_space)
        return
    if use in rules.floor_per_visit:
        place.add(use, capacity or floor_m2 / rules.floor_per_visit[use])
    if use != NONE:
        place.jobs += floor_m2 / rules.per_job


def _put_point(place: PlaceDraft, tags: Tags, rules: PlaceRules) -> None:
    """A mapped point: takes its floor from the homes of its building, or stands alone."""
    use = point_use(tags)
    place.fuel |= tags.get("amenity") == "fuel"
    if use == PARKING:
        place.add_car_park(tags, tagged_count(tags, "capacity") or rules.point_spaces)
        place.use = PARKING if place.use == NONE else place.use
        return
    floor = rules.large_floor if is_large(tags) else rules.point_floor[use]
    if place.floor_m2 == 0.0:
        place.floor_m2 = floor
    if place.dwellings > 0.0 or place.use == NONE:
        floor = min(floor, place.floor_m2) if place.use != NONE else floor
        left = (place.floor_m2 - floor) / rules.dwelling
        place.dwellings = max(0.0, min(place.dwellings, left))
        _dedicate(place, use, floor, tags, rules)
    elif use not in place.visits:
        _dedicate(place, use, min(floor, place.floor_m2), tags, rules)
    if place.dwellings == 0.0:
        place.use = use if place.use in (NONE, HOME) else place.use


def _teach(
    areas: Sequence[Footprint], buildings: Sequence[Footprint], places: list[PlaceDraft], rules: PlaceRules
) -> None:
    """Untagged buildings on the grounds of a school belong to it; the school is in the largest of them."""
    x = middles(buildings)
    for area in areas:
        if point_use(area.tags) != SCHOOL:
            continue
        ring = np.vstack([area.corners, area.corners[:1]])
        taught: list[PlaceDraft] = []
        for row in np.flatnonzero(in_rings(x[:, 0], x[:, 1], [ring])).tolist():
            place = places[row]
            if place.use in (HOME, NONE) and buildings[row].area_m2 >= rules.outbuilding:
                place.dwellings, place.jobs, place.visits, place.use = 0.0, 0.0, {}, SCHOOL
                place.provenance = INFERRED
                _dedicate(place, SCHOOL, place.floor_m2, {}, rules)
            if place.use == SCHOOL:
                place.services = [each for each in place.services if each.service != "school"]
                place.whole.add("school")
                taught.append(place)
        if taught and dict(services_named(area.tags)).get("school") is not None:
            largest = max(taught, key=lambda place: (place.floor_m2, place.id))
            largest.services.append(Offered(area.id, "school", largest.visits[SCHOOL], OBSERVED))


def _area(area: Footprint, rules: PlaceRules) -> PlaceDraft:
    """An area of interest outside buildings: a car park, a park, a stadium."""
    use = point_use(area.tags)
    tagged = tagged_count(area.tags, "capacity")
    place = PlaceDraft(area.id, area.lon, area.lat, provenance=OBSERVED if tagged else INFERRED, use=use)
    place.fuel = area.tags.get("amenity") == "fuel"
    floor = area.area_m2 if use == PARKING else min(area.area_m2, rules.large_floor)
    place.floor_m2 = 0.0 if use == PARKING else floor
    _dedicate(place, use, floor, area.tags, rules)
    place.offer(area.id, area.tags, {})
    return place


def _columns(places: list[PlaceDraft], access: Ints, paths: Paths, ground: StreetGround) -> Places:
    lon, lat = np.array([p.lon for p in places]), np.array([p.lat for p in places])
    x, y = ground.plane.x_m(lon), ground.plane.y_m(lat)

    def visits(use: str) -> np.ndarray:
        return _counts([place.visits.get(use, 0.0) for place in places])

    return Places(
        place_id=np.array([p.id for p in places], dtype=np.str_),
        lon=lon,
        lat=lat,
        x_m=x,
        y_m=y,
        zone=zone_of(lon, lat, ground.zones, ground.communes),
        commune=locate(lon, lat, ground.communes),
        floor_area_m2=np.round([p.floor_m2 for p in places], 1),
        levels=_counts([p.levels for p in places]),
        dwellings=_counts([p.dwellings for p in places]),
        jobs=_counts([p.jobs for p in places]),
        school_places=visits(SCHOOL),
        shop=visits("shop"),
        health=visits("health"),
        counter=visits("counter"),
        leisure=visits("leisure"),
        parking=visits(PARKING),
        parking_eur_per_h=np.where(
            [p.pays_to_park for p in places], ground.parameters["territory.lot_eur_per_h"], 0.0
        ).astype(np.float32),
        provenance=np.array([p.provenance for p in places], dtype=np.int8),
        use=np.array([p.use for p in places], dtype=np.str_),
        access_link=access,
        path_node=nearest_nodes(x, y, paths),
        fuel=np.array([p.fuel for p in places], dtype=bool),
    )


def _counts(values: Sequence[float]) -> np.ndarray:
    """Capacities in tenths, as single precision."""
    return np.round(np.array(values, dtype=float), 1).astype(np.float32)
