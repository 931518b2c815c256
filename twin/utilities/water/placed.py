"""A given network with what the twin's places draw, each at the junction nearest to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from twin.errors import InputError
from twin.territory.geometry import Plane
from twin.territory.tables import Floats, Ints
from twin.utilities.water.given import LPS_PER_UNIT
from twin.utilities.water.inp import Inp, epanet_clock, fields_of, shared_patterns

UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")
"""EPANET's flow units in its own order; gallons a minute where a file says nothing."""
TIMED = ("duration", "pattern timestep", "pattern start", "report timestep", "report start")


def nearest_junctions(inp: Inp, lon: Floats, lat: Floats, where: str = "INP") -> Ints:
    """Row of the junction nearest to each place (n_places,).

    Raises
    ------
    InputError
        A junction has no coordinates, or they are no degrees.
    """
    spots = _coordinates(inp, where)
    plane = Plane(round(float(np.mean(spots[:, 0])), 4), round(float(np.mean(spots[:, 1])), 4))
    tree = cKDTree(np.column_stack([plane.x_m(spots[:, 0]), plane.y_m(spots[:, 1])]))
    row = tree.query(np.column_stack([plane.x_m(lon), plane.y_m(lat)]))[1]
    return np.asarray(row, dtype=np.int32)


def with_draws(inp: Inp, junction: Ints, place_lps: Floats, step_s: float) -> Inp:
    """The network with what places draw (n_steps, n_places) [l/s] at junctions (n_places,), not its own."""
    n_steps, n_junctions = len(place_lps), len(inp.junction)
    asked = np.zeros((n_steps, n_junctions))
    np.add.at(asked.T, junction, place_lps.T)
    asked /= LPS_PER_UNIT[UNITS.index(_unit(inp))]
    mean = asked.mean(axis=0)
    lines, pattern = shared_patterns(asked, mean, "place_")
    kept = _without(inp.sections.get("OPTIONS", ()), ("demand multiplier",))
    times = [
        *_without(inp.sections.get("TIMES", ()), TIMED),
        f"Duration {epanet_clock((n_steps - 1) * step_s)}",
        *(f"{kind} Timestep {epanet_clock(step_s)}" for kind in ("Pattern", "Report")),
    ]
    sections = {name: rows for name, rows in inp.sections.items() if name != "DEMANDS"}
    sections |= {"OPTIONS": tuple(kept), "TIMES": tuple(times)}
    sections["PATTERNS"] = (*inp.sections.get("PATTERNS", ()), *lines)
    names = np.array([pattern.get(row, "") for row in range(n_junctions)], dtype=np.str_)
    return replace(inp, demand=mean, pattern=names, sections=sections)


def _coordinates(inp: Inp, where: str) -> Floats:
    """Longitude and latitude of each junction (n_junctions, 2)."""
    found: dict[str, tuple[float, float]] = {}
    for line in inp.sections.get("COORDINATES", ()):
        parts = fields_of(line)
        try:
            found[parts[0]] = float(parts[1]), float(parts[2])
        except (IndexError, ValueError):
            raise InputError(f"{where}: {line.strip()}", "no coordinates", "a node, lon and lat") from None
    for name in inp.junction.tolist():
        if name not in found:
            raise InputError(f"{where}: junction {name}", "it has no coordinates", "a line of [COORDINATES]")
    spots = np.array([found[name] for name in inp.junction.tolist()]).reshape(-1, 2)
    if not (np.isfinite(spots).all() and (np.abs(spots) <= (180.0, 90.0)).all()):
        raise InputError(
            f"{where} [COORDINATES]", "they are no degrees", "longitude and latitude (EPSG:4326)"
        )
    return spots


def _unit(inp: Inp) -> str:
    """Flow unit of the file."""
    for line in inp.sections.get("OPTIONS", ()):
        parts = fields_of(line.upper())
        if parts[0] == "UNITS" and len(parts) > 1 and parts[1] in UNITS:
            return parts[1]
    return "GPM"


def _without(lines: Iterable[str], starts: tuple[str, ...]) -> list[str]:
    """Lines that set none of these."""
    return [line for line in lines if not " ".join(fields_of(line)).lower().startswith(starts)]
