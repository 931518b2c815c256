"""Services at places: by tags, kept with the territory under their own digest, closed by a scenario."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.osm_maps import OsmMap, place, small_town
from twin.errors import InputError
from twin.scenario.basket import SERVICES
from twin.scenario.scenario import Scenario
from twin.territory.closed_services import without_services
from twin.territory.services import CAPACITY_OF, services_named
from twin.territory.tables import ASSUMED, INFERRED, OBSERVED
from twin.territory.territory import Territory

HEAD = 'title = "Services"\nterritory = "riviera"\n'


def box(town: OsmMap, first: int, x_m: float, y_m: float, side_m: float, **tags: str) -> None:
    """A square outline with its lower left corner there."""
    corners = [(0, 0), (side_m, 0), (side_m, side_m), (0, side_m)]
    nodes = [town.node(first + row, x_m + dx, y_m + dy) for row, (dx, dy) in enumerate(corners)]
    town.way([*nodes, nodes[0]], **tags)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Territory:
    """The small town with a mall of two food shops, a school in two buildings, and a pharmacy."""
    town = small_town()
    box(town, 100, -60, 120, 30, building="retail")
    town.node(120, -50, 130, shop="supermarket"), town.node(121, -40, 130, shop="bakery")
    town.node(122, -45, 140, shop="clothes")
    box(town, 200, 20, -200, 60, amenity="school")
    box(town, 210, 25, -195, 30, building="yes"), box(town, 220, 60, -195, 15, building="yes")
    town.node(230, 30, -190, amenity="school", name="the same school")
    town.node(240, 90, 20, amenity="pharmacy")
    town.node(241, -90, 20, amenity="townhall")
    town.node(242, -90, -20, amenity="doctors", healthcare__speciality="dermatology")
    file = town.write(tmp_path_factory.mktemp("served") / "served.osm")
    return Territory.from_osm(file, name="served")


def rows(territory: Territory, service: str) -> np.ndarray:
    return np.flatnonzero(territory.services.service == SERVICES.index(service))


def ids(territory: Territory, service: str) -> list[str]:
    return territory.services.service_id[rows(territory, service)].tolist()


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({"shop": "bakery"}, [("food", OBSERVED)]),
        ({"shop": "clothes"}, []),
        ({"amenity": "doctors"}, [("doctor", OBSERVED)]),
        ({"healthcare": "doctor", "healthcare:speciality": "general"}, [("doctor", OBSERVED)]),
        ({"amenity": "doctors", "healthcare:speciality": "dermatology"}, []),
        ({"amenity": "hospital"}, [("doctor", INFERRED)]),
        ({"amenity": "restaurant"}, [("cafe", INFERRED)]),
        ({"amenity": "bar", "leisure": "fitness_centre"}, [("cafe", OBSERVED), ("sport", OBSERVED)]),
        ({"building": "school", "amenity": "school"}, [("school", OBSERVED)]),
    ],
)
def test_tags_name_services_and_how_they_are_known(tags, named):
    assert list(services_named(tags)) == named


def test_services_of_a_small_map(served):
    services, places = served.services, served.places
    assert len(ids(served, "food")) == 3, "the house's bakery and two in the mall"
    assert ids(served, "counter") == ["node:241"]
    assert services.provenance[rows(served, "counter")].tolist() == [INFERRED]
    # a skin doctor is no general practitioner, so that a practice is assumed at the pharmacy
    assert ids(served, "doctor") == ["node:240"]
    assert services.provenance[rows(served, "doctor")].tolist() == [ASSUMED]
    grounds = [each for each in ids(served, "school") if each != "node:230"]
    assert len(grounds) == len(ids(served, "school")) == 2, "one point on the grounds adds no second school"
    largest = services.place[rows(served, "school")]
    assert (places.school_places[largest] > 0).all()
    assert (places.zone[services.place] >= 0).all()


def test_capacities_of_services_are_parts_of_those_of_their_places(served):
    services, places = served.services, served.places
    for use, column in CAPACITY_OF.items():
        of_use = np.array([name in SERVICES and use_of(name) == use for name in SERVICES])[services.service]
        held = np.bincount(
            services.place[of_use], weights=services.capacity[of_use], minlength=places.n_places
        )
        assert (held <= getattr(places, column) + 0.2).all(), column


def use_of(service: str) -> str:
    from twin.territory.services import USE_OF

    return USE_OF[service]


def test_services_come_back_and_a_changed_table_is_refused(served, tmp_path):
    served.save(tmp_path / "served")
    again = Territory.load(tmp_path / "served")
    for name, column in served.services.columns().items():
        np.testing.assert_array_equal(getattr(again.services, name), column)
    notes = json.loads((tmp_path / "served" / "territory.json").read_text(encoding="utf-8"))
    assert notes["services"]["food"]["observed"] == 3
    notes["services_digest"] = "0" * 64
    (tmp_path / "served" / "territory.json").write_text(json.dumps(notes), encoding="utf-8")
    with pytest.raises(InputError, match="the services have the digest"):
        Territory.load(tmp_path / "served")


def test_a_folder_from_before_has_no_services(served, tmp_path):
    served.save(tmp_path / "served")
    file = tmp_path / "served" / "territory.json"
    notes = json.loads(file.read_text(encoding="utf-8"))
    del notes["services_digest"]
    file.write_text(json.dumps(notes), encoding="utf-8")
    (tmp_path / "served" / "services.parquet").unlink()
    old = Territory.load(tmp_path / "served")
    assert len(old.services) == 0
    assert old.digest == served.digest


def test_a_part_keeps_the_services_of_its_places(served):
    part = served.cut(bbox=(*place(-300, -50), *place(300, 300)))
    before = dict(zip(served.services.service_id, served.places.place_id[served.services.place], strict=True))
    after = dict(zip(part.services.service_id, part.places.place_id[part.services.place], strict=True))
    assert 0 < len(after) < len(before)
    assert after.items() <= before.items()
    assert part.meta["services_digest"] == part.services.digest != served.services.digest


def closing(service: str, at: str) -> Scenario:
    return Scenario.loads(
        f'{HEAD}[[modification]]\nkind = "close_service"\nservice = "{service}"\nat = {{ {at} }}\n'
    )


def test_what_closes_is_gone_and_leaves_room_for_fewer(riviera):
    closed = without_services(riviera, closing("food", 'zone = "la_turbie"').in_force())
    (row,) = np.flatnonzero(
        (riviera.services.service == 0) & (riviera.places.zone[riviera.services.place] == 1)
    )
    shop = riviera.services.place[row]
    assert closed.services.place[row] == -1
    still = np.arange(len(riviera.services)) != row
    np.testing.assert_array_equal(closed.services.place[still], riviera.services.place[still])
    less = riviera.places.shop[shop] - riviera.services.capacity[row]
    assert closed.places.shop[shop] == pytest.approx(less, abs=0.06)
    for name, column in riviera.places.columns().items():
        others = np.arange(riviera.places.n_places) != shop if name == "shop" else slice(None)
        np.testing.assert_array_equal(getattr(closed.places, name)[others], column[others])
    assert closed.digest != riviera.digest
    assert without_services(riviera, Scenario.loads(HEAD).in_force()) is riviera


@pytest.mark.parametrize(
    ("service", "at", "what"),
    [
        ("school", 'zone = "la_turbie"', "no school service at zone la_turbie"),
        ("food", 'zone = "la_turbi"', "la_turbie"),
        ("food", 'place = "way:1"', "no place way:1"),
    ],
)
def test_a_closing_that_names_nothing_is_refused(riviera, service, at, what):
    with pytest.raises(InputError, match="modification 1: at: ") as refused:
        without_services(riviera, closing(service, at).in_force())
    assert what in str(refused.value)


def test_a_closing_needs_a_known_service_and_whole_days():
    with pytest.raises(InputError, match="one of food, school"):
        closing("cinema", 'zone = "la_turbie"')
    with pytest.raises(InputError, match="holds for whole days"):
        Scenario.loads(
            f'{HEAD}[[modification]]\nkind = "close_service"\nservice = "food"\nat = {{ zone = "eze" }}\n'
            'from = "08:00"\n'
        )


def test_the_embedded_territories_say_what_they_have(riviera, la_turbie_crop):
    assert len(rows(riviera, "food")) == 37
    village = riviera.places.zone[riviera.services.place[rows(riviera, "food")]] == 1
    assert village.sum() == 1, "the village has one food shop"
    assert "node:3781294550" in la_turbie_crop.services.service_id
    readme = Path(__file__).parents[2] / "networks" / "riviera" / "README.md"
    assert riviera.meta["services_digest"] in readme.read_text(encoding="utf-8")
