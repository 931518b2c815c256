"""What all networks are laid by: the skeleton, what each place asks for, and where it is dense."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints, Places, Streets, Zones
from twin.territory.utilities.draft import Draft, Node
from twin.territory.utilities.observed import ObservedElements, ObservedPoint
from twin.territory.utilities.skeleton import Skeleton, make_skeleton
from twin.territory.utilities.trees import components

Cables = tuple[float, float, list[tuple[float, float]]]
"""Voltage [kV], kVA for each ampere at the lowest voltage allowed, and cables as (section in mm2, A)."""


@dataclass(frozen=True)
class DesignDemand:
    """What each place asks for (n_places,): people, design load, litres a day, lines, heat."""

    residents: Floats
    load_kva: Floats
    litres_per_day: Floats
    lines: Floats
    heat_mwh: Floats


@dataclass(frozen=True)
class LayingPlan:
    """Ground on which networks are laid; `dense` (n_points,) tells by which rules."""

    skeleton: Skeleton
    streets: Streets
    places: Places
    asked: DesignDemand
    dense: Flags
    part: Ints
    observed: ObservedElements
    parameters: Parameters
    draft: Draft

    def by_density(self, name: str) -> Floats:
        """A ledger pair (dense parts, elsewhere) at every point (n_points,)."""
        dense, elsewhere = self.parameters[name]
        return np.asarray(np.where(self.dense, dense, elsewhere), dtype=np.float64)

    @cached_property
    def cables(self) -> tuple[Cables, Cables]:
        """Cables of medium and of low voltage."""
        found = []
        for name, least in zip(("mv_kv", "lv_kv"), self.parameters["utilities.least_cable_mm2"], strict=True):
            kv = self.parameters[f"utilities.{name}"]
            sizes = self.parameters["utilities.cable_mm2"], self.parameters["utilities.cable_a"]
            allowed = [(mm2, ampere) for mm2, ampere in zip(*sizes, strict=True) if mm2 >= least]
            found.append((kv, math.sqrt(3.0) * kv * self.parameters["utilities.cable_pu"], allowed))
        return found[0], found[1]

    def at_points(self, of_places: Floats) -> Floats:
        """What places ask for, summed at their points (n_points,)."""
        net = self.skeleton
        return np.bincount(net.place_point, weights=of_places, minlength=net.n_points).astype(np.float64)

    def snapped(self, points: Sequence[ObservedPoint]) -> list[tuple[ObservedPoint, int, float]]:
        """Mapped elements near enough to a street to join its network, with their point and distance."""
        most_m = self.parameters["utilities.snap_m"]
        near = [(each, *self.skeleton.nearest(each.lon, each.lat)) for each in points]
        return [(each, point, away_m) for each, point, away_m in near if away_m <= most_m]

    def node_at(self, point: int, name: str, utility: int, kind: str, provenance: int) -> Node:
        """A node at a point of the skeleton, not yet laid."""
        lon, lat, height_m, known = self.skeleton.spots[point]
        return Node(name, utility, kind, lon, lat, provenance, height_m, known)


def make_plan(
    tables: tuple[Streets, Places, Zones], observed: ObservedElements, parameters: Parameters, draft: Draft
) -> LayingPlan:
    """The plan of a territory's streets, places and zones."""
    streets, places, zones = tables
    skeleton = make_skeleton(streets, places, parameters)
    asked = _asked(places, zones, parameters)
    dense = _dense(skeleton, asked.residents, parameters)
    part = components(skeleton)
    return LayingPlan(skeleton, streets, places, asked, dense, part, observed, parameters, draft)


def _asked(places: Places, zones: Zones, parameters: Parameters) -> DesignDemand:
    residents = _residents(places, zones, parameters["utilities.persons_per_dwelling"])
    dwellings, jobs = places.dwellings.astype(float), places.jobs.astype(float)
    load = dwellings * parameters["utilities.dwelling_load_kva"] + jobs * parameters["utilities.job_load_kva"]
    litres = residents * parameters["utilities.litres_per_person_per_day"]
    litres += jobs * parameters["utilities.litres_per_job_per_day"]
    heated = np.where(dwellings + jobs > 0.0, places.floor_area_m2, 0.0)
    return DesignDemand(
        residents=residents,
        load_kva=np.maximum(load, parameters["utilities.least_load_kva"]).round(3),
        litres_per_day=np.maximum(litres, 1.0).round(3),
        lines=np.maximum(np.ceil(dwellings + jobs * parameters["utilities.lines_per_job"]), 1.0),
        heat_mwh=(heated * parameters["utilities.heat_kwh_per_m2"] / 1000.0).round(3),
    )


def _residents(places: Places, zones: Zones, household: float) -> Floats:
    """People by place: a zone's inhabitants over its dwellings where they are known, at most a household."""
    residents = places.dwellings.astype(float) * household
    for row, people in enumerate(zones.inhabitants.tolist()):
        here = places.zone == row
        dwellings = float(places.dwellings[here].sum())
        if np.isfinite(people) and dwellings > 0.0:
            residents[here] = places.dwellings[here] * min(people / dwellings, household)
    return residents.round(3)


def _dense(skeleton: Skeleton, residents: Floats, parameters: Parameters) -> Flags:
    """Whether enough people live around each point."""
    radius_m = parameters["utilities.density_radius_m"]
    least = parameters["utilities.dense_inhabitants_per_km2"] * np.pi * (radius_m / 1000.0) ** 2
    at = np.bincount(skeleton.place_point, weights=residents, minlength=skeleton.n_points)
    rows = np.flatnonzero(at)
    xy = np.column_stack([skeleton.x_m, skeleton.y_m])
    if not len(rows):
        return np.zeros(skeleton.n_points, dtype=bool)
    near = cKDTree(xy).sparse_distance_matrix(cKDTree(xy[rows]), radius_m, output_type="ndarray")
    milli = np.rint(at[rows] * 1000.0)  # whole, so that sums do not depend on their order
    around = np.bincount(near["i"], weights=milli[near["j"]], minlength=skeleton.n_points)
    return np.asarray(around >= least * 1000.0)
