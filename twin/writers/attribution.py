"""Whose map an export shows: who must be named beside it, and its licence."""

from __future__ import annotations

from twin.territory.territory import Territory


def attribution_of(territory: Territory) -> dict[str, str]:
    """``attribution`` and ``license`` (SPDX id, as ODbL-1.0) of the map, as far as the territory has them."""
    named = (("attribution", "attribution"), ("license", "licence"))
    return {name: str(territory.meta[key]) for name, key in named if territory.meta.get(key)}
