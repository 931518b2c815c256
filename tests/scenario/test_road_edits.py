"""Edits of streets in words: what the ledger fills, what is made of what, what is refused in one line."""

from __future__ import annotations

import pytest

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification
from twin.scenario.modifications import CloseLink, ReduceCapacity, SpeedLimit, Works
from twin.scenario.road_edits import BikeLane, NewLink, RoadEdit, SignalPlan
from twin.scenario.scenario import Scenario

HEAD = 'title = "Streets"\nterritory = "riviera"\n[[modification]]\n'
LINKS = 'links = { ref = "D2564" }\n'


def order(text: str) -> Modification:
    (made,) = Scenario.loads(HEAD + text).modifications
    return made


def test_the_ledger_fills_a_new_link_and_a_bike_lane() -> None:
    ledger = Parameters.defaults()
    link = order('kind = "new_link"\nstart = [7.4, 43.74]\nend = 12\nroad_class = "residential"\n')
    assert isinstance(link, NewLink)
    assert (link.snap_m, link.detour) == (
        ledger["scenario.new_link_snap_m"],
        ledger["scenario.new_link_detour"],
    )
    assert (link.start, link.end) == ((7.4, 43.74), 12)
    lane = order('kind = "bike_lane"\n' + LINKS)
    assert isinstance(lane, BikeLane)
    assert lane.speed_kmh == ledger["scenario.bike_lane_speed_kmh"]
    own = Scenario.loads(HEAD + 'kind = "bike_lane"\n' + LINKS + "[parameters]\n"
                         '"scenario.bike_lane_comfort" = 0.6\n')  # fmt: skip
    assert own.modifications[0].comfort == 0.6
    assert own.provenance()["modification 1: comfort"] == "ledger: scenario.bike_lane_comfort"


def test_what_is_resolved_reads_back_as_it_was() -> None:
    texts = (
        'kind = "new_link"\nstart = [7.4, 43.74]\nend = 12\nroad_class = "residential"\n',
        'kind = "signal_plan"\ncycle_s = 90\ngreen_s = [30, 40.5]\noffset_s = 10\n' + LINKS,
        'kind = "turn_ban"\nonto = { way = 3 }\n' + LINKS,
        'kind = "works"\nfactor = 0.5\nclosed = { way = 2 }\nfrom = "07:00"\n' + LINKS,
    )
    for text in texts:
        scenario = Scenario.loads(HEAD + text)
        assert Scenario.from_tables(scenario.resolved()).modifications == scenario.modifications


def test_works_are_made_of_less_room_a_limit_and_a_signed_closure() -> None:
    works = order(
        'kind = "works"\nfactor = 0.5\nspeed_kmh = 30\nclosed = { way = 2 }\nuntil = "10:00"\n' + LINKS
    )
    assert isinstance(works, Works)
    narrow, slow, closed = works.parts()
    assert isinstance(narrow, ReduceCapacity)
    assert narrow.factor == 0.5
    assert isinstance(slow, SpeedLimit)
    assert slow.speed_kmh == 30
    assert isinstance(closed, CloseLink)
    assert closed.signed_exit
    assert closed.links.way == (2,)
    assert {part.until_s for part in works.parts()} == {36_000}
    plain = order('kind = "works"\ncapacity_vph = 300\n' + LINKS)
    assert [part.kind for part in plain.parts()] == ["reduce_capacity"]


def test_a_signal_plan_has_one_green_for_all_or_one_each() -> None:
    share = order('kind = "signal_plan"\ncycle_s = 80\ngreen_share = 0.25\n' + LINKS)
    assert isinstance(share, SignalPlan)
    assert (share.greens_s, share.offsets_s) == ((20.0,), (0.0,))
    each = order('kind = "signal_plan"\ncycle_s = 80\ngreen_s = [20, 50]\noffset_s = [0, 25]\n' + LINKS)
    assert isinstance(each, SignalPlan)
    assert (each.greens_s, each.offsets_s) == ((20.0, 50.0), (0.0, 25.0))
    assert not isinstance(each, RoadEdit)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('kind = "lanes"\nlanes = 0\n' + LINKS, "lanes", "0 is not right; right would be: lanes in"),
        ('kind = "lanes"\nlanes = 2\nfrom = "08:00"\n' + LINKS, "from", "holds for whole days"),
        ('kind = "turn_ban"\n' + LINKS, "onto", "missing; right would be: a table that names links"),
        ('kind = "bus_lane"\nlanes = 1\n' + LINKS, "lanes", "unknown key"),
        ('kind = "new_link"\nstart = [7.4]\nend = 12\nroad_class = "service"\n', "start", "is not right"),
        ('kind = "new_link"\nstart = 0\nend = 12\nroad_class = "service"\n', "start", "is not right"),
        ('kind = "new_link"\nstart = 3\nend = 12\n', "road_class", "missing"),
        ('kind = "signal_plan"\ncycle_s = 60\n' + LINKS, "modification 1", "takes one of green_share"),
        ('kind = "signal_plan"\ncycle_s = 60\ngreen_s = 61\n' + LINKS, "green_s", "longer than the cycle"),
        ('kind = "signal_plan"\ncycle_s = 60\ngreen_s = []\n' + LINKS, "green_s", "is not right"),
        ('kind = "works"\n' + LINKS, "modification 1", "takes one of capacity_vph and factor"),
    ],
)
def test_what_is_refused(text: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        order(text)
    assert where in refused.value.where
    assert what in str(refused.value)
