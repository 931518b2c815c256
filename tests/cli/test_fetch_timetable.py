"""`twin fetch --gtfs`: the timetable beside the territory, what was left out; bad feeds write nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gtfs_feeds import as_zip, feed, replaced
from tests.osm_maps import small_town
from tests.territories import grid_territory
from twin.cli.main import run_command
from twin.errors import InputError
from twin.territory.declared_lines import open_timetable
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with a map and a feed of the same small town; commands run there."""
    small_town().write(tmp_path / "town.osm")
    as_zip(feed(), tmp_path / "feed.zip")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capfd, *words: str) -> tuple[int, str, str]:
    code = run_command(list(words))
    out, err = capfd.readouterr()
    return code, out, err


FETCH = ("fetch", "town.osm", "--out", "town", "--quiet", "--json", "--gtfs", "feed.zip")


def test_the_folder_holds_both_and_the_answer_says_what(here, capfd):
    code, out, _ = run(capfd, *FETCH, "--date", "2026-03-02")
    assert code == 0
    told = json.loads(out)["timetable"]
    town, timetable = Territory.load("town"), Timetable.load("town")
    counts = (timetable.n_stops, timetable.n_lines, timetable.n_runs, timetable.n_calls)
    assert (told["stops"], told["lines"], told["runs"], told["calls"]) == counts == (4, 2, 7, 21)
    assert (told["date"], told["digest"]) == ("2026-03-02", timetable.digest)
    assert told["lines_by_mode"] == {"bus": 1, "tram": 1}
    assert told["dropped"] == {"lines_not_running": 1, "stops_not_called_at": 2, "trips_of_other_days": 2}
    assert json.loads(out)["digest"] == town.digest == timetable.meta["territory_digest"]
    assert open_timetable("town", town).digest == timetable.digest
    assert not (timetable.stop_path_node < 0).any()


def test_the_day_is_the_busiest_weekday_unless_one_is_given(here, capfd):
    code, out, _ = run(capfd, *FETCH)
    assert (code, json.loads(out)["timetable"]["date"]) == (0, "2026-03-05")


def test_lines_outside_the_box_are_counted(here, capfd):
    """In the western half of the map the tram calls once at most, and the bus twice."""
    code, out, _ = run(capfd, *FETCH, "--date", "2026-03-02", "--bbox", "7.39,43.73,7.4015,43.75")
    assert code == 0
    told = json.loads(out)["timetable"]
    assert (told["lines"], told["runs"], told["stops"]) == (1, 2, 2)
    assert told["dropped"]["lines_outside"] == 1
    assert told["dropped"]["runs_outside"] == 5


def test_the_table_for_people_names_the_timetable(here, capfd):
    code, out, _ = run(capfd, *(word for word in FETCH if word != "--json"))
    assert code == 0
    assert "timetable: runs" in out


def test_the_territory_is_the_same_with_and_without_one(here, capfd):
    _, with_one, _ = run(capfd, *FETCH)
    _, without, _ = run(capfd, *FETCH[:6])
    assert json.loads(with_one)["digest"] == json.loads(without)["digest"]
    assert "timetable" not in json.loads(without)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--date", "tomorrow"), "--date: 'tomorrow' is no date; right would be: YYYY-MM-DD"),
        (("--date", "2031-01-01"), "no trip runs on 2031-01-01"),
        (("--gtfs", "absent.zip"), "absent.zip: no such file"),
        (("--gtfs", "broken.zip"), "broken.zip: stops.txt: row 2: stop_lat"),
        (("--bbox", "7.39,43.73,7.3999,43.75"), "no line calls twice within"),
    ],
)
def test_bad_input_writes_nothing(here, capfd, words, told):
    as_zip(feed(stops=replaced(feed()["stops"], 0, stop_lat="north")), here / "broken.zip")
    before = sorted(here.rglob("*"))
    code, out, err = run(capfd, *FETCH, *words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert sorted(here.rglob("*")) == before


def test_a_date_without_a_feed_is_refused(here, capfd):
    code, _, err = run(capfd, *FETCH[:6], "--date", "2026-03-02")
    assert code == 2
    assert "--date: there is no feed" in err


def test_a_timetable_of_a_state_that_was_built_over_is_not_taken(here, capfd):
    run(capfd, *FETCH)
    grid_territory().save("town")
    with pytest.raises(InputError, match="another state of this territory"):
        Timetable.load("town")
