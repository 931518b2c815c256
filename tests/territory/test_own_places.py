"""A table of places of the user's own: capacities other than the map's, more places, and faults told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.errors import InputError
from twin.indicators.accessibility import FOOT, access_of
from twin.model.sources import open_territory
from twin.population.synthesis import synthesise
from twin.population.tables import SHOP
from twin.scenario.basket import SERVICES
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.study.keys import simulation_key
from twin.territory.own_places import read_own_places, with_own_places
from twin.territory.tables import OBSERVED
from twin.territory.territory import Territory

CROP = ROOT / "networks" / "la_turbie_crop"
LEDGER = Parameters.defaults()


@pytest.fixture(scope="module")
def crop() -> Territory:
    return Territory.load(CROP)


def table(tmp_path: Path, *rows: str, header: str = "place_id,lon,lat,dwellings,shop") -> Path:
    file = tmp_path / "places.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def homes_of(territory: Territory) -> list[int]:
    """Rows of the places with most dwellings."""
    return np.argsort(-territory.places.dwellings, kind="stable")[:3].tolist()


def test_what_is_given_replaces_the_maps_and_what_is_blank_stays(crop: Territory, tmp_path: Path) -> None:
    a, b, _ = homes_of(crop)
    ids, was = crop.places.place_id, crop.places
    made = with_own_places(crop, table(tmp_path, f"{ids[a]},,,0,", f"{ids[b]},,,,7.5"))
    assert made.places.n_places == was.n_places
    assert made.places.dwellings[a] == 0.0
    assert made.places.shop[a] == was.shop[a]
    assert made.places.dwellings[b] == was.dwellings[b]
    assert made.places.shop[b] == 7.5
    assert (made.places.provenance[[a, b]] == OBSERVED).all()
    others = np.setdiff1d(np.arange(was.n_places), [a, b])
    for name, column in was.columns().items():
        assert (getattr(made.places, name)[others] == column[others]).all(), name
    assert made.digest != crop.digest
    assert crop.places.dwellings[a] > 0.0, "the map's own stay"


def test_new_places_stand_on_the_nearest_street(crop: Territory, tmp_path: Path) -> None:
    like = homes_of(crop)[0]
    places = crop.places
    row = f"own:mill,{places.lon[like]:.7f},{places.lat[like]:.7f},40,"
    made = with_own_places(crop, table(tmp_path, row)).places
    assert made.n_places == places.n_places + 1
    assert made.place_id[-1] == "own:mill"
    assert (made.dwellings[-1], made.shop[-1], made.jobs[-1]) == (40.0, 0.0, 0.0)
    for name in ("access_link", "zone", "commune", "path_node"):
        assert getattr(made, name)[-1] == getattr(places, name)[like], name
    assert np.hypot(made.x_m[-1] - places.x_m[like], made.y_m[-1] - places.y_m[like]) < 0.1
    for name, column in places.columns().items():
        assert getattr(made, name).dtype.kind == column.dtype.kind, name
        assert (getattr(made, name)[:-1] == column).all(), name


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("place_id,flats", ["A,3"], ["line 1", "unknown column 'flats'", "dwellings"]),
        ("lon,lat", ["7.4,43.7"], ["line 1", "no column 'place_id'"]),
        ("place_id,shop", ["A,-3"], ["line 2: shop", "-3 is negative", "0 or more"]),
        ("place_id,shop", ["A,big"], ["line 2: shop", "'big' is no number"]),
        ("place_id,shop", ["A,1", "A,2"], ["line 3: place_id", "A is given twice"]),
        ("place_id,shop", [",1"], ["line 2: place_id", "empty"]),
        ("place_id,shop", ["nowhere:1,1"], ["line 2: place_id", "no place 'nowhere:1'", "lon and lat"]),
        ("place_id,lon,lat", ["own:1,7.4,"], ["line 2", "only one of lon and lat"]),
        ("place_id,lon,lat", ["own:1,east,43.7"], ["line 2: lon", "'east' is no place on earth"]),
        ("place_id,lon,lat", ["own:1,2.35,48.85"], ["line 2", "not on a street of the territory"]),
        ("place_id,lon,lat", ["A,2.35,48.85"], ["line 2", "A lies at 7.", "on the map"]),
        ("place_id,shop", [], ["a table without a place"]),
    ],
)
def test_a_wrong_table_is_one_line(
    crop: Territory, tmp_path: Path, header: str, rows: list[str], words: list[str]
) -> None:
    known = str(crop.places.place_id[0])
    rows = [known + row[1:] if row.startswith("A,") else row for row in rows]
    with pytest.raises(InputError) as raised:
        with_own_places(crop, table(tmp_path, *rows, header=header))
    line = str(raised.value).replace(known, "A")
    assert "\n" not in line
    assert "places.csv" in line
    for word in words:
        assert word in line, line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the village whose population.toml names a table of places."""
    where = tmp_path / "networks" / "village"
    shutil.copytree(CROP, where)
    file = where / "population.toml"
    named = '[places]\nfile = "places.csv"\nkind = "statistic"\nsource = "a count of shops"\n'
    file.write_text(file.read_text(encoding="utf-8") + named, encoding="utf-8")
    return where


def test_people_live_and_shop_where_the_table_says(crop: Territory, folder: Path) -> None:
    """A new block of 400 dwellings houses its share; with one shop left, all who shop here shop there."""
    like = homes_of(crop)[0]
    places = crop.places
    block = f"own:block,{places.lon[like]:.7f},{places.lat[like]:.7f},400,20"
    shops = [f"{name},,,,0" for name in places.place_id[places.shop > 0.0]]
    table(folder, block, *shops)
    made = open_territory(folder)
    people = synthesise(made, folder / "population.toml", LEDGER, seed=1)
    before = synthesise(crop, CROP / "population.toml", LEDGER, seed=1)
    new = made.places.n_places - 1
    homes = people.persons.home[people.persons.kind == 0]
    here = made.places.zone == made.places.zone[new]
    share = 400.0 / made.places.dwellings[here & (made.places.access_link >= 0)].sum()
    assert (homes == new).mean() == pytest.approx(share, abs=0.03)
    to_shop = people.trips.destination_place[people.trips.purpose == SHOP]
    assert set(np.unique(to_shop)) <= {-1, new}
    assert (to_shop == new).sum() > 50
    ids = [each.persons.person_id[each.persons.kind == 0] for each in (people, before)]
    assert np.array_equal(*ids), "as many live there, at other places"


def test_a_run_depends_on_the_files_that_its_population_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(tmp_path / "networks"))
    scenario = Scenario.loads('title = "A day"\nterritory = "village"')
    keys = set()
    for rows in (["own:1,7.4,43.74,1,1"], ["own:1,7.4,43.74,2,1"]):
        table(folder, *rows)
        keys.add(simulation_key(scenario, 1))
    outside = folder / "population.toml"
    outside.write_text(outside.read_text().replace('"places.csv"', '"../places.csv"'))
    for count in (1, 2):
        table(tmp_path / "networks", f"own:1,7.4,43.74,{count},1")
        keys.add(simulation_key(scenario, 1))
    assert len(keys) == 4


def services_at(territory: Territory, place_id: str) -> list[tuple[str, float, int]]:
    """Service, capacity and provenance of what a place has."""
    row = territory.places.place_id.tolist().index(place_id)
    here = territory.services.place == row
    columns = territory.services.taken(here)
    names = [SERVICES[each] for each in columns.service.tolist()]
    return list(zip(names, columns.capacity.tolist(), columns.provenance.tolist(), strict=True))


def test_services_of_the_table_replace_the_maps(crop: Territory, tmp_path: Path) -> None:
    """Named ones are all that a place has; a capacity of 0 takes what belongs to its use; others stay."""
    food, named = SERVICES.index("food"), crop.services
    shop = crop.places.place_id[named.place[named.service == food][0]]
    other = crop.places.place_id[named.place[named.service != food][0]]
    before = services_at(crop, other)
    header = "place_id,lon,lat,shop,health,services"
    rows = (f"{shop},,,0,,", "own:house_of_health,7.3988,43.7456,,10,doctor pharmacy")
    made = with_own_places(crop, table(tmp_path, *rows, header=header))
    assert "food" not in [name for name, _, _ in services_at(made, shop)]
    assert services_at(made, "own:house_of_health") == [
        ("doctor", 5.0, OBSERVED),
        ("pharmacy", 5.0, OBSERVED),
    ]
    assert services_at(made, other) == before
    assert made.digest not in (crop.digest, crop.with_places(made.places).digest)
    emptied = with_own_places(crop, table(tmp_path, f"{other},,,,,none", header=header))
    assert services_at(emptied, other) == []
    assert (emptied.services.place < 0).sum() == len(before), "closed, and still known of"


def test_an_unknown_service_is_refused(tmp_path: Path) -> None:
    file = table(tmp_path, "own:a,7.4,43.74,food kiosk", header="place_id,lon,lat,services")
    with pytest.raises(InputError, match="line 2: services: 'kiosk' is no service"):
        read_own_places(file)


def test_a_shop_of_the_table_is_near(crop: Territory, tmp_path: Path) -> None:
    """Accessibility follows: without the village's food shops nobody has one near, with one again many do."""
    food = crop.services.service == SERVICES.index("food")
    shops = dict.fromkeys(crop.places.place_id[crop.services.place[food]].tolist())
    header = "place_id,lon,lat,shop,services"
    gone = [f"{each},,,0," for each in shops]
    people = synthesise(crop, CROP / "population.toml", LEDGER, 1)
    reached = []
    for rows in (gone, [*gone, "own:grocer,7.3988,43.7456,20,food"]):
        made = with_own_places(crop, table(tmp_path, *rows, header=header))
        access = access_of(made, people.persons, None, LEDGER)
        assert access.known[SERVICES.index("food")]
        reached.append((access.nearest_min[FOOT][SERVICES.index("food")] < 10.0) @ access.cells.people)
    assert reached[0] == 0.0
    assert reached[1] > 0.2 * access.cells.people.sum()
