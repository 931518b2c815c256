"""Lanes for buses on the real village: in a jam buses gain, and cars lose what they give away."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.test_buses import CLOSED, JAM, NARROW_LINK, at_last_stop_s, lived, transit_of
from tests.model.village import world
from twin.territory.edit_rows import lanes_beside

pytestmark = pytest.mark.one_interpreter(
    "lives days, of kernels that are compared with their slow twins on each"
)

ROAD = '\n[[modification]]\nkind = "bus_lane"\nlinks = { ref = "D2564" }\ntakes_lane = false\n'
HERE = f'\n[[modification]]\nkind = "bus_lane"\nlinks = {{ link = "{NARROW_LINK}" }}\n'
TWO = f'\n[[modification]]\nkind = "lanes"\nlinks = {{ link = "{NARROW_LINK}" }}\nlanes = 2\n'


def test_buses_drive_on_their_lanes_and_cars_never_do() -> None:
    model, record = lived(ROAD)
    beside = lanes_beside(model.territory.streets)
    transit = transit_of(record)
    assert not np.isin(transit.event_link, list(beside)).any()
    assert np.isin(transit.event_link, list(beside.values())).sum() > 100
    assert not np.isin(record.event_link, list(beside.values())).any()


def test_on_free_roads_a_lane_hardly_matters_and_in_a_jam_it_does() -> None:
    plain, free = (at_last_stop_s(lived(more)[1]) for more in ("", ROAD))
    assert np.abs(free - plain).max() < 60.0
    jammed, passing = (at_last_stop_s(lived(more)[1]) for more in (JAM, ROAD + JAM))
    assert jammed.max() > 600.0
    assert passing.max() < 60.0, "whoever has a lane along the whole road passes the queue"


def test_a_lane_on_the_narrow_stretch_alone_does_not_help_in_the_queue_before_it() -> None:
    jammed, short = (at_last_stop_s(lived(more)[1]) for more in (JAM, HERE + "takes_lane = false" + JAM))
    assert short.max() > 0.5 * jammed.max()
    assert short.mean() < jammed.mean()


def test_what_cars_give_away_they_lose() -> None:
    half = JAM.replace("capacity_vph = 280", "factor = 0.3")
    wide, shared = (np.nansum(lived(more)[1].delay_s) for more in (TWO + half, TWO + HERE + half))
    assert shared > 1.5 * wide
    one = lived(HERE + "takes_lane = false" + half)[1]
    assert np.nansum(one.delay_s) == shared, "one lane of two, and one beside one, are the same street"


def test_a_bus_lane_is_closed_with_its_street() -> None:
    at_eight = CLOSED.format(link=NARROW_LINK, begin="08:00", end="09:00")
    model, record = lived(HERE + "takes_lane = false" + at_eight)
    street = int(np.flatnonzero(model.territory.streets.link_id == NARROW_LINK)[0])
    lane = lanes_beside(model.territory.streets)[street]
    transit = transit_of(record)
    entered = transit.event_enter_ms[transit.event_link == lane] / 3_600_000.0
    assert entered.size > 50
    assert not ((entered > 8.05) & (entered < 9.0)).any()
    assert world().territory.streets.n_links == lane
