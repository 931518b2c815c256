"""Whether a spot that a scenario names lies in the territory."""

from __future__ import annotations

from twin.errors import InputError
from twin.territory.tables import Streets


def check_within(spot: tuple[float, float], streets: Streets, where: str) -> None:
    """Refuse a spot [lon, lat] outside the box of the streets' nodes."""
    (west, east), (south, north) = (
        (float(each.min()), float(each.max())) for each in (streets.node_lon, streets.node_lat)
    )
    lon, lat = spot
    if not (west <= lon <= east and south <= lat <= north):
        right = f"longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}"
        raise InputError(where, f"[{lon:g}, {lat:g}] lies outside the territory", right)
