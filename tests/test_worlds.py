"""The hand-made worlds are worlds: a territory of one is whole, can be kept, and reads as it was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests import worlds
from tests.territories import grid_territory, territory_of
from twin.territory.territory import Territory


def test_territory_says_what_the_network_says() -> None:
    net = worlds.grid(3)
    streets = territory_of(net).streets
    assert np.rint(1_000 * streets.free_flow_time_s).astype(int).tolist() == net.free_ms.tolist()
    assert streets.link_key.tolist() == net.link_key.tolist()
    assert (streets.member_start[-1], streets.shape_start[-1]) == (net.n_links, 2 * net.n_links)


def test_territory_reads_as_it_was_written(tmp_path: Path) -> None:
    territory = grid_territory()
    territory.save(tmp_path / "grid")
    again = Territory.load(tmp_path / "grid")
    assert again.digest == territory.digest
    assert again.gateways.node.tolist() == [0, 15]
    assert (again.places.access_link == np.arange(again.streets.n_links)).all()
