"""The study of influence: its table under its digest, and 3 shares x 2 respects x 2 seeds on a small town."""

from __future__ import annotations

import hashlib
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import pictures
from benchmarks.studies.influence import (
    FLAGSHIP,
    NAMES,
    TABLE,
    WORK,
    Days,
    Member,
    Study,
    finished,
    keep,
    key_of,
    members,
    run_members,
)
from benchmarks.studies.influence_page import page_of
from benchmarks.studies.influence_summary import Curve, column, judgement, ratio_at, report
from benchmarks.studies.table import Lines, go_on, to_prove
from tests.territories import grid_territory
from twin.errors import InputError
from twin.scenario.without import without_manager, without_providers
from twin.study.digests import truth_digest
from twin.study.run import live
from twin.study.statistics import Ratio

pytestmark = pytest.mark.one_interpreter("long, and of days that are lived on each in the room of the model")

DIGEST = TABLE.with_suffix(".sha256")
SEEDS = (1, 2)
TOWN = """
title = "An incident in the town, and the village classifies its streets"
territory = "town"
demand_scale = 3.0
[[provider]]
name = "Alpha"
market_share = 0.6
[[provider]]
name = "Beta"
market_share = 0.4
[[modification]]
kind = "incident"
links = { zone = "town" }
capacity_vph = 30
from = "07:00"
until = "09:00"
[[modification]]
kind = "classify_secondary"
links = { zone = "village" }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The same study on a grid of 25 nodes, one half town and one half village."""
    home = tmp_path_factory.mktemp("grid")
    grid_territory(5).save(home / "networks" / "town")
    (home / "works.toml").write_text(TOWN)
    return Study(
        files=(("works", home / "works.toml"),), focuses=("town", "village"), shares=(0.0, 0.5, 1.0),
        respects=(0.0, 1.0), some_shares=(), absent_shares=(0.5,),
    )  # fmt: skip


@pytest.fixture(scope="module")
def lines(study: Study) -> Lines:
    """Its lines: 5 days a seed, and 2 without one provider."""
    return {
        member.name: dict(zip(NAMES, member.name, strict=True)) | row
        for seed in SEEDS
        for member, row in run_members(list(members(study, [seed])))
    }


def test_the_lines_of_a_small_study_hang_together(study: Study, lines: Lines) -> None:
    assert len(lines) == 2 * (5 + 2)
    for seed in map(str, SEEDS):
        nobody = lines["works", "0", "", "", seed]
        assert [nobody[f"km_{who}"] for who in ("calculators", "manager", "both")] == ["0"] * 3
        for share in ("0.5", "1"):
            lawless, honoured = (lines["works", share, respect, "", seed] for respect in ("0", "1"))
            assert lawless["km_manager"] == lawless["min_manager"] == "0"
            assert float(lawless["km_calculators"]) > 0.0
            assert float(honoured["km_manager"]) > 0.0
            assert float(honoured["classified_km_village"]) < float(lawless["classified_km_village"])
            assert honoured["km_both"] == honoured["km_calculators"], "the class speaks to calculators alone"
        few, all_ = (float(lines["works", share, "0", "", seed]["km_calculators"]) for share in ("0.5", "1"))
        assert few < all_
        alone = [float(lines["works", "0.5", "0", name, seed]["km_absent"]) for name in ("Alpha", "Beta")]
        assert min(alone) > 0.0
    assert lines["works", "0", "", "", "1"]["digest"] != lines["works", "0", "", "", "2"]["digest"]
    assert column(lines, "works", 0.5, 1.0, "gini_town") == [
        float(lines["works", "0.5", "1", "", str(seed)]["gini_town"]) for seed in SEEDS
    ]


def test_a_line_comes_out_again_on_its_own_and_the_days_without_are_what_they_are_said_to_be(
    study: Study, lines: Lines
) -> None:
    member = Member(study, "works", 1.0, 1.0, "", 2)
    ((_, row),) = run_members([member])
    assert row == {name: lines[member.name][name] for name in row}
    here = Days(study, 2, 1).world
    for mover, spec in (
        ("manager", without_manager(member.scenario())),
        ("calculators", without_providers(member.scenario(), ["Alpha", "Beta"])),
    ):
        digest = truth_digest(live(spec, 2, here))
        assert digest[:16] == lines[member.without()[mover].name]["digest"]


def test_the_summary_reads_the_lines_and_judges_no_interval_of_two_seeds(study: Study, lines: Lines) -> None:
    text = "\n".join(report(lines, study))
    assert "### village: through vehicle-km on its classified streets" in text
    assert "no interval below 5 seeds" in text
    assert "| 50% | 1 |" in text
    assert "nan" not in text
    ratio = ratio_at(lines, "works", 0.5, 1.0, "km")
    above, below = (column(lines, "works", 0.5, 1.0, f"km_{who}") for who in ("calculators", "manager"))
    assert ratio.value == pytest.approx(sum(above) / sum(below))
    assert ratio_at(lines, "works", 0.5, 0.0, "km").value is None


def test_shapes_and_ratios_are_judged_by_their_intervals() -> None:
    shares = (0.0, 0.5, 1.0)
    noise = [0.1, -0.1, 0.05, -0.05, 0.0]

    def curve(*means: float) -> Curve:
        return Curve(
            shares, tuple([mean + each * (1 + at) for each in noise] for at, mean in enumerate(means))
        )

    assert curve(10, 5, 9).shape() == "agrees: U-shaped, least at 50%"
    assert curve(10, 8, 5).shape() == "contradicts it: falls from none to all guided, least at 100%"
    assert curve(5, 8, 10).shape() == "contradicts it: rises from none to all guided, least at 0%"
    assert (
        curve(5, 5, 5).shape()
        == "contradicts it: no difference between none and all guided beyond the interval"
    )
    assert judgement(Ratio(2.0, 1.5, 2.5, 10)) == "borne out"
    assert judgement(Ratio(0.5, 0.3, 0.9, 10)) == "contradicted"
    assert judgement(Ratio(1.1, 0.9, 1.3, 10)) == "not told apart"
    assert judgement(Ratio(None, None, None, 10)) == "no answer (levers without effect)"


def lines_of(wanted: list[Member], key: str | None = None) -> Lines:
    """Lines as a study leaves them, with the keys of now or with one of another code."""
    return {
        member.name: dict(zip(NAMES, member.name, strict=True)) | {"key": key or key_of(member)}
        for member in wanted
    }


def test_a_table_of_other_code_is_gone_on_with_if_its_lines_come_out_again(
    study: Study, lines: Lines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the first seed a line is missing, of the second one is lived again in place of all."""
    table, wanted = tmp_path / "influence.csv", list(members(study, SEEDS))
    here = {
        name: {**line, "key": line["key"] if name[-1] == "1" else "other"} for name, line in lines.items()
    }
    lost = here.pop(wanted[3].name)
    keep(table, here)
    assert go_on(table, wanted, WORK, 1) == 0
    assert finished(table) == here | {wanted[3].name: lost}
    proved = [member.name for member in to_prove(here, wanted, key_of)]
    assert proved == [wanted[7].name, wanted[13].name]
    told = capfd.readouterr().err
    assert "influence.csv: made by other code; 2 of its runs are lived again" in told
    assert told.count(" runs: works") == 3


def test_the_flagship_asks_what_it_says() -> None:
    """Works, an incident, classes in both focuses; the closed day is the ordinary one but for the closure."""
    works = FLAGSHIP.scenario("works")
    assert [each.kind for each in without_manager(works).modifications] == ["reduce_capacity", "incident"]
    ordinary = FLAGSHIP.scenario("ordinary")
    closed = without_manager(FLAGSHIP.scenario("closed"))
    assert closed.simulation_digest() == ordinary.simulation_digest()
    incident = FLAGSHIP.scenario("incident")
    assert incident.modifications == works.modifications[1:2]
    assert len(list(members(FLAGSHIP, [1]))) == 1 + 10 * 3 + 3 * 2 + 4 * 3


def drawn_table(path: Path) -> Path:
    """A table of made-up lines for every member of five seeds."""
    lines = lines_of(list(members(FLAGSHIP, range(1, 6))), "made up")
    names = [f"{name}_{focus}" for name in pictures.CURVES for focus in FLAGSHIP.focuses]
    for line in lines.values():
        wave = float(line["app_share"]) + 0.1 * math.sin(float(line["seed"]))
        line.update(dict.fromkeys(names, f"{100 + wave:g}"))
        for who in ("calculators", "manager"):
            line.update({f"km_{who}": f"{1 + wave:g}", f"min_{who}": f"{2 + wave:g}"})
    keep(path, lines)
    return path


def test_the_figure_draws_both_focuses_and_the_ratio_and_is_the_same_each_time(tmp_path: Path) -> None:
    table = drawn_table(tmp_path / "influence.csv")
    one, two = (pictures.svg_bytes(pictures.influence_chart(table)) for _ in range(2))
    assert one == two
    assert len(one) < pictures.MOST_BYTES
    said = "".join(ET.fromstring(one).itertext())
    for word in ("dense: CO2 (kg)", "la_turbie: hours in cars", "respect 0.5", pictures.ATTRIBUTION):
        assert word in said


def test_the_table_is_whole_and_the_one_that_was_measured() -> None:
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == DIGEST.read_text().split()[0]
    lines = finished(TABLE)
    assert set(lines) == {member.name for member in members(FLAGSHIP, range(1, 11))}
    for line in lines.values():
        if line["respect"] == "0" and not line["absent"]:
            assert line["km_manager"] == "0"


def test_the_page_opens_offline_and_holds_figure_tables_and_digest() -> None:
    page = page_of(TABLE)
    assert page.count("<svg") == 1
    assert page.count("<table>") > 20
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() in page
    assert "OpenStreetMap" in page
    asked = re.findall(r"(?:src|href)=[\"']([^\"']*)", page)
    assert all(each.startswith("#") for each in asked), "nothing is asked of any server"
    assert "@import" not in page


def test_a_page_of_no_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make influence"):
        page_of(tmp_path / "none.csv")
