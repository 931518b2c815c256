"""Influence on the village crop: exact where an actor has no effect, and in the direction it should have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.model.village import TABLES, WORKS, scenario, world
from twin.errors import InputError
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario
from twin.scenario.without import without_manager, without_providers
from twin.study import influence as influence_room
from twin.study.digests import truth_digest
from twin.study.influence import absences, influence, influence_of, influences_of_seed
from twin.study.influence_found import NO_EFFECT, NO_LEVER, Influence
from twin.study.moved import Driven, moved
from twin.study.run import live

pytestmark = pytest.mark.one_interpreter("counts of days that are lived on each in the room of the model")

CLASSIFIED = """
[[modification]]
kind = "classify_secondary"
links = { ref = "D2564" }
respect = 1.0
"""


@pytest.fixture(autouse=True)
def _in_the_village(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.study.run.world_of", lambda *_, **__: world())


WORKED_OUT: dict[str, dict[str, Any]] = {}


def of_seed(spec: Scenario) -> dict[str, Any]:
    """What a scenario comes to with seed 1, worked out once."""
    key = spec.simulation_digest()
    if key not in WORKED_OUT:
        WORKED_OUT[key] = influences_of_seed(spec, 1)
    return WORKED_OUT[key]


def found(spec: Scenario) -> Influence:
    return influence_of(spec, (1,), tuple(absences(spec)), [of_seed(spec)])


def total(of: Influence, actor: str, measure: str = "vehicle_km") -> float:
    rows = (*of.moving, *of.overlap)
    (row,) = [each for each in rows if (each.actor, each.measure, each.group) == (actor, measure, "")]
    assert row.mean is not None
    return row.mean


def digest_of(spec: Scenario) -> str:
    return truth_digest(live(spec, 1, world()))


def test_a_provider_without_users_moves_nothing_to_the_last_digit() -> None:
    alone = scenario(
        WORKS,
        TABLES.replace("0.6", "1.0").replace('"Azimut"\nmarket_share = 0.4', '"Azimut"\nmarket_share = 0.0'),
    )
    of = found(alone)
    for measure in ("vehicle_km", "person_min"):
        assert total(of, "Azimut", measure) == 0.0
        assert total(of, "Boussole", measure) == total(of, "calculators", measure) > 0.0
    assert of.digests["Azimut"] == of.digests[""]


def test_a_lever_that_changes_nothing_moves_nothing_to_the_last_digit() -> None:
    streets = world().territory.streets
    row = int(np.argmax(streets.length_m))
    limit = (
        f'[[modification]]\nkind = "speed_limit"\nlinks = {{ link = "{streets.link_id[row]}" }}\n'
        f"speed_kmh = {streets.free_speed_mps[row] * 3.6}\n"
    )
    of = found(scenario(WORKS + limit))
    assert len(of.levers) == 1
    for measure in ("vehicle_km", "person_min"):
        assert total(of, "road_manager", measure) == total(of, "overlap", measure) == 0.0
        assert of.ratio[measure].value is None
        assert of.note[measure] == NO_EFFECT


def test_without_a_lever_it_says_so_and_gives_no_ratio() -> None:
    of = found(scenario(WORKS))
    assert of.levers == ()
    assert {of.note[measure] for measure in of.ratio} == {NO_LEVER}
    assert of.summary()["ratio"]["vehicle_km"]["value"] is None
    assert total(of, "road_manager") == 0.0
    assert total(of, "calculators") == total(of, "all") > 0.0


def test_a_class_that_is_honoured_moves_guided_traffic_and_overlaps_with_those_it_speaks_to() -> None:
    """The class acts through calculators alone: without them it moves nobody, so all of it is overlap."""
    of = found(scenario(WORKS + CLASSIFIED))
    assert total(of, "road_manager") > 0.0
    assert total(of, "overlap") == pytest.approx(total(of, "road_manager"))
    assert of.ratio["vehicle_km"].value == pytest.approx(total(of, "calculators") / total(of, "road_manager"))
    plain = scenario(WORKS)
    assert digest_of(without_manager(scenario(WORKS + CLASSIFIED))) == digest_of(plain)


def test_more_users_move_more() -> None:
    nobody, few, many = (
        Driven.of(live(scenario(WORKS).varied("app_share", share), 1, world())) for share in (0.0, 0.2, 0.8)
    )
    km = [moved(each, nobody).vehicle_km.sum() for each in (nobody, few, many)]
    assert km[0] == 0.0 < km[1] < km[2]


def test_users_of_a_provider_that_withdraws_go_to_no_rival() -> None:
    here = world()
    spec = scenario(WORKS)
    one, other = (
        TwinModel(each, rng=1, territory=here.territory, population=here.population, habits=here.habits)
        for each in (spec, without_providers(spec, ["Boussole"]))
    )
    assert (one.trip_provider == 0).any()
    np.testing.assert_array_equal(
        other.trip_provider, np.where(one.trip_provider == 0, -1, one.trip_provider)
    )
    np.testing.assert_array_equal(other.trip_sends, np.where(one.trip_sends == 0, -1, one.trip_sends))


def test_the_day_without_all_providers_is_the_day_with_an_app_share_of_nought() -> None:
    spec = scenario(WORKS)
    alone = without_providers(spec, ["Boussole", "Azimut"])
    assert digest_of(alone) == digest_of(spec.varied("app_share", 0.0)) != digest_of(spec)


def test_externalities_are_told_with_and_without_each_actor() -> None:
    of = found(scenario(WORKS + CLASSIFIED))
    rows = {(each.indicator, each.focus, each.group, each.without): each for each in of.externalities}
    concentration = rows["flow_concentration", "all", "", "calculators"]
    assert concentration.mean is not None
    assert 0.0 < concentration.mean < 1.0
    assert concentration.difference != 0.0
    blind = rows["links_without_probe", "all", "provider:Boussole", "Boussole"]
    assert blind.mean is not None
    assert blind.difference is None, "nobody is seen by who has no users"
    assert rows["regret_of_routes", "all", "", "road_manager"].unit == "s/trip"


def test_what_stands_is_read_and_what_is_harmed_is_worked_out_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, ran = scenario(WORKS), []

    def once(asked: Scenario, seed: int, *_: Any) -> dict[str, Any]:
        ran.append(seed)
        return of_seed(spec)

    monkeypatch.setattr(influence_room, "influences_of_seed", once)
    first = influence(spec, [1, 2], tmp_path, processes=1)
    again = influence(spec, [1, 2], tmp_path, processes=1)
    assert ran == [1, 2]
    assert first.summary() == again.summary()
    kept = sorted((tmp_path / "members").glob("*.json"))
    kept[0].write_text("{}")
    influence(spec, [1, 2], tmp_path, processes=1)
    assert len(ran) == 3
    assert (tmp_path / "influence.json").is_file()


def test_a_provider_must_not_be_called_as_another_actor_is() -> None:
    with pytest.raises(InputError, match="'road_manager' names another actor"):
        absences(scenario("", TABLES.replace("Boussole", "road_manager")))
