"""A census of the user's own replaces the defaults, to within one person or household, or is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.population.census_town import HEAD, OLD, Table, cells_of, csv_text, write_census
from tests.population.holding import check_holds_together
from tests.population.world import POPULATION, grid_town
from twin.errors import InputError
from twin.kernels.random import uniforms
from twin.population.population import Population
from twin.population.residents.archetypes import AGE_BANDS, archetypes, composition_table
from twin.population.residents.census import VARIABLES
from twin.population.residents.quotas import share_out
from twin.population.synthesis import synthesise
from twin.population.tables import STUDENT
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
KINDS = archetypes()
MEMBERS = composition_table(KINDS)


def counts_of(population: Population, zone: int) -> dict[str, np.ndarray]:
    """What the residents of a zone amount to, by variable of a census."""
    persons = population.persons
    residents = persons.take(np.flatnonzero((persons.kind == 0) & (persons.zone == zone)))
    homes = residents.take(np.unique(residents.household, return_index=True)[1])
    grown = residents.occupation[residents.age >= 18] - STUDENT
    return {
        "age": np.histogram(residents.age, bins=AGE_BANDS)[0],
        "sex": np.bincount(residents.female, minlength=2),
        "household_type": np.bincount(homes.household_type, minlength=5),
        "household_size": np.bincount(np.minimum(homes.household_size, 6), minlength=7)[1:],
        "occupation": np.bincount(grown, minlength=5),
        "cars": np.bincount(homes.household_cars, minlength=3),
    }


def test_a_census_is_met_in_every_cell(town: Territory, tmp_path: Path) -> None:
    made = synthesise(town, write_census(tmp_path, csv_text({"old": OLD})), LEDGER, seed=1)
    for variable, found in counts_of(made, zone=0).items():
        assert np.abs(found - cells_of(OLD, variable)).max() <= 1, variable
    (old,) = (area for area in made.report["areas"] if area["name"] == "old")
    assert (old["basis"], old["inhabitants"], old["density_class"]) == ("census", 2_400, "village")
    assert old["source"] == "statistic: made for the test"
    assert old["own_statistics"] == [
        "ages",
        "sexes",
        "occupations",
        "household types",
        "household sizes",
        "cars",
    ]
    assert made.report["marginals"]["old"]["fitted_error"] <= 1e-8
    check_holds_together(town, made)


def test_what_the_census_does_not_tell_stays_the_default(
    town: Territory, population: Population, tmp_path: Path
) -> None:
    """Another zone's people are the same to the last bit; where only ages are told, households are drawn."""
    head = HEAD + POPULATION.split('place = "grid"')[1]
    ages = {"age": dict(zip(VARIABLES["age"], (160, 150, 120, 90, 200, 470, 640, 420, 250), strict=True))}
    text = csv_text({"old": ages}).replace("zone,", "zone,commune,").replace("old,", "old,Left,")
    made = synthesise(town, write_census(tmp_path, text, head), LEDGER, seed=1)
    assert (counts_of(made, zone=0)["age"] == cells_of(ages, "age")).all()
    assert {area["basis"] for area in made.report["areas"]} == {"census", "file"}
    for name in ("person_id", "age", "female", "occupation", "household_cars", "skill", "income_quintile"):
        ours = getattr(population.persons, name)[population.persons.zone == 1]
        theirs = getattr(made.persons, name)[made.persons.zone == 1]
        assert np.array_equal(ours, theirs), name
    assert (made.persons.kind == 1).sum() == (population.persons.kind == 1).sum() > 0, "commuters stay"


def test_more_cars_in_the_census_are_more_cars_and_those_who_had_one_keep_it(
    town: Territory, tmp_path: Path
) -> None:
    few, many = copy.deepcopy(OLD), copy.deepcopy(OLD)
    few["cars"], many["cars"] = {"0": 700, "1": 415, "2_over": 100}, {"0": 250, "1": 600, "2_over": 365}
    poor, rich = (
        synthesise(town, write_census(tmp_path, csv_text({"old": table})), LEDGER, seed=1)
        for table in (few, many)
    )
    old = (poor.persons.kind == 0) & (poor.persons.zone == 0)
    assert (poor.persons.person_id == rich.persons.person_id).all()
    assert (poor.persons.household_cars[old] <= rich.persons.household_cars[old]).all()
    drives = [(each.trips.mode == 0) & old[each.trips.person] for each in (poor, rich)]
    assert drives[0].sum() < drives[1].sum()


def change(variable: str, category: str, count: float) -> str:
    """The census with another number in one cell."""
    table = copy.deepcopy(OLD)
    table[variable][category] = count
    return csv_text({"old": table})


GOOD = csv_text({"old": OLD})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("count", "number", 1), ["line 1", "unknown column 'number'", "zone,variable,category"]),
        (GOOD.replace(",count", "", 1), ["line 1", "no column 'count'"]),
        (GOOD.replace("zone,", "zone,zone,", 1), ["line 1", "column 'zone' is there twice"]),
        ("", ["line 1", "no column 'zone'"]),
        ("zone,variable,category,count\n", ["an empty census"]),
        (GOOD.replace("old,age,6_10,110", "old,age,6_10"), ["line 3", "3 cells in a table of 4 columns"]),
        (GOOD.replace("old,age,6_10", ",age,6_10"), ["line 3: zone", "empty"]),
        (
            GOOD.replace("old,age,6_10", "new,age,6_10"),
            ["old: age: no row for 6_10", "0 where there is nobody"],
        ),
        (GOOD.replace("age,6_10", "ages,6_10"), ["line 3: variable", "no variable 'ages'", "would be: age"]),
        (
            GOOD.replace("age,6_10", "age,6-10"),
            ["line 3: category", "age has no category '6-10'", "0_5, 6_10"],
        ),
        (GOOD.replace("6_10,110", "6_10,-110"), ["line 3: count", "-110 is negative", "0 or more"]),
        (GOOD.replace("6_10,110", "6_10,many"), ["line 3: count", "'many' is no number"]),
        (GOOD.replace("6_10,110", "6_10,nan"), ["line 3: count", "'nan' is no number"]),
        (GOOD.replace("6_10,110", '6_10,"1,100"'), ["line 3: count", "'1,100' is no number"]),
        (GOOD.replace("age,6_10", "age,0_5"), ["line 3", "age 0_5 of old is given twice"]),
        (GOOD.replace("old,", "nowhere,"), ["line 2: zone", "no zone 'nowhere'", "one of old, new"]),
        (csv_text({"old": {"sex": OLD["sex"]}}), ["old", "no row of the variable age"]),
        (change("sex", "male", 1_230), ["old: sex", "sum to 2500", "2400 inhabitants of all ages"]),
        (change("occupation", "worker", 900), ["old: occupation", "sum to 1940", "2000 inhabitants of 18"]),
        (change("cars", "0", 410), ["old: cars", "sum to 1225", "household_type to 1215"]),
        (change("household_type", "single", 540), ["old: household_size", "sum to 1215", "to 1235"]),
        (
            GOOD.replace("single,520", "single,540").replace("type,couple,300", "type,couple,280"),
            ["old: household_size", "540 households are single, but 520 are of one person"],
        ),
    ],
)
def test_a_wrong_census_is_one_line(town: Territory, tmp_path: Path, text: str, words: list[str]) -> None:
    assert text != GOOD
    file = write_census(tmp_path, text)
    with pytest.raises(InputError) as raised:
        synthesise(town, file, LEDGER, seed=1)
    line = str(raised.value)
    assert "\n" not in line
    assert str(tmp_path / "census.csv") in line
    for word in words:
        assert word in line, line


@pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")
@pytest.mark.parametrize(
    ("types", "sizes", "ages", "words"),
    [
        ((90, 5, 5, 0, 0), None, (0, 0, 0, 0, 40, 0, 0, 0, 0), "100 households of 40 inhabitants"),
        ((20, 0, 0, 0, 0), None, (30, 0, 0, 0, 0, 10, 0, 0, 0), "20 households, but 10 inhabitants of 18"),
        ((0, 0, 20, 0, 0), None, (5, 0, 0, 0, 0, 0, 40, 0, 0), "have 60 members at least, but there are 45"),
        ((0, 0, 20, 0, 0), None, (5, 0, 0, 0, 0, 0, 60, 0, 0), "20 couples with children, but 5 inhabitants"),
        ((0, 0, 20, 0, 0), None, (35, 0, 0, 0, 0, 0, 30, 0, 0), "need 40 adults, but 30 inhabitants are 18"),
        ((30, 0, 0, 0, 0), None, (0, 0, 0, 0, 0, 0, 60, 0, 0), "30 households of one person, but 60"),
        (None, (0, 0, 0, 0, 0, 9), (9, 9, 0, 0, 0, 9, 9, 0, 0), "have 54 members at least, but there are 36"),
        (None, (0,) * 6, (9, 9, 0, 0, 0, 9, 9, 0, 0), "36 inhabitants in no household"),
    ],
)
def test_impossible_households_are_refused(
    tmp_path: Path,
    types: tuple[int, ...] | None,
    sizes: tuple[int, ...] | None,
    ages: tuple[int, ...],
    words: str,
) -> None:
    given_ = {"age": ages, "household_type": types, "household_size": sizes}
    table: Table = {
        name: {each: float(n) for each, n in zip(VARIABLES[name], cells, strict=True)}
        for name, cells in given_.items()
        if cells is not None
    }
    with pytest.raises(InputError, match=words):
        synthesise(grid_town(), write_census(tmp_path, csv_text({"old": table})), LEDGER, seed=1)


def test_a_census_that_no_households_meet_is_told(town: Territory, tmp_path: Path) -> None:
    """More households with two cars than with two adults: each by itself is fine."""
    table = copy.deepcopy(OLD)
    table["cars"] = {"0": 100, "1": 100, "2_over": 1_015}
    made = synthesise(town, write_census(tmp_path, csv_text({"old": table})), LEDGER, seed=1)
    missed = made.report["marginals"]["old"]["missed"]["cars"]
    assert missed["2_over"] < -300
    (note,) = (each for each in made.report["notes"] if each.startswith("Area old is not as asked"))
    assert f"cars 2_over {-missed['2_over']:g} fewer" in note


def test_a_census_alone_says_what_is_assumed_of_the_rest(town: Territory, tmp_path: Path) -> None:
    made = synthesise(town, write_census(tmp_path, csv_text({"old": OLD})), LEDGER, seed=1)
    demand, zone = made.report["notes"]
    assert demand.startswith("Default demand (assumed; population.toml tells of none): residents alone")
    assert zone.startswith("zone new: ")
    (old,) = (area for area in made.report["areas"] if area["name"] == "old")
    assert old["legal_regime"] == "unknown"
    assert old["class_source"].startswith("by inhabitants (ledger:")


def test_decimals_are_brought_to_whole_people(town: Territory, tmp_path: Path) -> None:
    """A census office's weights: 2,400.4 people make 2,400, and no cell is off by more than one."""
    table = {
        name: {each: count * 1.0001 + 0.02 for each, count in cells.items()} for name, cells in OLD.items()
    }
    made = synthesise(town, write_census(tmp_path, csv_text({"old": table})), LEDGER, seed=1)
    found = counts_of(made, zone=0)
    assert abs(int(found["age"].sum()) - 2_400) <= 1
    for variable in VARIABLES:
        assert np.abs(found[variable] - cells_of(table, variable)).max() < 2.0, variable


def test_what_is_shared_out_meets_both_its_rows_and_its_totals() -> None:
    weights = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 3.0], [1.0, 0.0, 0.0]])
    row = np.array([0] * 30 + [1] * 20)
    key = np.arange(50, dtype=np.uint64)
    u = uniforms(1, 7, key, 0)
    made = share_out(weights, row, np.array([18, 22, 10]), u, key)
    assert np.bincount(made, minlength=3).tolist() == [18, 22, 10]
    assert (weights[row, made] > 0.0).all(), "what a row cannot have it does not get"
    first = u[(row == 0) & (made == 0)]
    assert first.max() < u[(row == 0) & (made == 1)].min(), "in the order of the draws"
    assert len(share_out(weights, row[:0], np.array([0, 0, 0]), u[:0], key[:0])) == 0
    beyond = share_out(weights, row, np.array([45, 0, 5]), u, key)
    assert np.bincount(beyond, minlength=3)[0] == 30, "all who can, and no more"


def test_files_and_areas_that_do_not_go_together(town: Territory, tmp_path: Path) -> None:
    head = HEAD + POPULATION.split('place = "grid"')[1]
    with pytest.raises(InputError, match=r"census.csv: line 2: old is given twice"):
        synthesise(town, write_census(tmp_path, GOOD, head), LEDGER, seed=1)
    commune = GOOD.replace("zone,", "zone,commune,").replace("old,", "old,Middle,")
    with pytest.raises(InputError, match=r"line 2: commune: no commune 'Middle'.*one of Left, Right"):
        synthesise(town, write_census(tmp_path, commune), LEDGER, seed=1)
    (tmp_path / "census.csv").unlink()
    with pytest.raises(InputError, match=r"census.csv: cannot be read"):
        synthesise(town, tmp_path / "population.toml", LEDGER, seed=1)
    (tmp_path / "population.toml").write_text(HEAD.replace('kind = "statistic"\n', ""))
    with pytest.raises(InputError, match=r"census.kind: missing"):
        synthesise(town, tmp_path / "population.toml", LEDGER, seed=1)


@st.composite
def censuses(draw: st.DrawFn) -> Table:
    """Counts of people that can be: of households made up at random, with sexes, occupations and cars."""
    few = draw(st.lists(st.integers(0, len(KINDS) - 1), min_size=2, max_size=12, unique=True))
    n = np.zeros(len(KINDS), dtype=np.int64)
    n[few] = draw(st.lists(st.integers(1, 30), min_size=len(few), max_size=len(few)))
    types = np.bincount([kind.type for kind in KINDS], weights=n, minlength=5).astype(int)
    sizes = np.bincount([min(len(kind.members), 6) for kind in KINDS], weights=n, minlength=7)[1:].astype(int)
    ages = MEMBERS @ n
    couples, two = int(types[1] + types[2]), draw(st.floats(0.0, 1.0))
    female = couples + round(draw(st.floats(0.0, 1.0)) * (int(ages.sum()) - 2 * couples))
    work = np.zeros(5, dtype=int)
    for band, total in zip(("18_24", "25_39", "40_59", "60_74", "75_over"), ages[4:].tolist(), strict=True):
        usual = np.array(LEDGER[f"population.occupation_{band}"])[STUDENT:]
        some = draw(st.lists(st.integers(1, 9), min_size=5, max_size=5)) * (usual > 0.0)
        split = np.floor(total * some / some.sum()).astype(int)
        split[int(np.argmax(some))] += total - split.sum()
        work += split
    second = int(two * couples)
    none = int((1.0 - two) * (n.sum() - second))
    cells = {
        "age": ages,
        "sex": (ages.sum() - female, female),
        "household_type": types,
        "household_size": sizes,
        "occupation": work,
        "cars": (none, n.sum() - second - none, second),
    }
    order = draw(st.permutations(list(cells)))
    return {
        name: {each: float(count) for each, count in zip(VARIABLES[name], cells[name], strict=True)}
        for name in order
    }


@pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")
@given(censuses())
@settings(max_examples=8, deadline=None)
def test_any_census_that_can_be_is_met_and_its_days_hold_together(table: Table) -> None:
    """Every cell to within one; nobody homeless or in two places; every day from home to home."""
    town = grid_town()
    with TemporaryDirectory() as folder:
        made = synthesise(town, write_census(Path(folder), csv_text({"old": table})), LEDGER, seed=1)
    for variable, found in counts_of(made, zone=0).items():
        assert np.abs(found - cells_of(table, variable)).max() <= 1, (variable, found)
    assert made.report["marginals"]["old"]["missed"] == {}
    check_holds_together(town, made)


def test_the_grid_towns_days_hold_together(town: Territory, population: Population) -> None:
    check_holds_together(town, population)


@pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")
def test_the_order_of_rows_decides_nothing(town: Territory, tmp_path: Path) -> None:
    head, *rows = GOOD.strip().split("\n")
    made = [
        synthesise(town, write_census(tmp_path, "\n".join([head, *lines])), LEDGER, seed=1).digest
        for lines in (rows, rows[::-1])
    ]
    assert made[0] == made[1]
