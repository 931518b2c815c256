"""The command that asks who moves whom: `influence`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twin.cli.options import RUNS, AsJson, OutFolder, Quiet, ScenarioFile, Seeds, writable
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting

if TYPE_CHECKING:
    from twin.study.influence_found import Influence


def influence(
    scenario: ScenarioFile,
    seeds: Seeds = 5,
    out: OutFolder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell what each provider, all of them and the road manager move: the day with and without."""
    folder = out or RUNS / f"influence-{scenario.stem}"
    (asked,) = fitting([scenario], quiet, check=lambda _: writable(folder))
    from twin.study.influence import influence as work_out

    with shown(quiet) as progress:
        found = work_out(asked, seeds, folder, progress=progress)
    if as_json:
        return emit({**found.summary(), "out": folder})
    return _print(found, folder)


def _print(found: Influence, folder: Path) -> None:
    """What is moved in all and by whom; groups are left to the file."""
    columns = ("actor", "measure", "mean", "low", "high", "unit")
    rows = [each for each in (*found.moving, *found.overlap) if not each.group]
    said = f"{found.scenario.title}, {len(found.seeds)} seeds"
    table(columns, [[getattr(row, column) for column in columns] for row in rows], said)
    say("levers of the road manager: " + ("; ".join(found.levers) or "none"))
    for measure, ratio in found.ratio.items():
        interval = "" if ratio.low is None else f" ({ratio.low:.3g} to {ratio.high:.3g})"
        value = "" if ratio.value is None else f"{ratio.value:.3g}{interval}"
        note = found.note[measure]
        words = "; ".join(part for part in (value, note) if part)
        say(f"calculators / road manager, {measure}: {words}")
    _print_externalities(found)
    say(str(folder / "influence.json"))


def _print_externalities(found: Influence) -> None:
    """Each indicator of the day, and what it has more of it than without calculators or road manager."""
    columns = ("indicator", "focus", "group", "unit", "without", "mean", "difference", "low", "high")
    rows = [each for each in found.externalities if each.without in ("calculators", "road_manager")]
    table(columns, [[getattr(row, column) for column in columns] for row in rows], "Externalities")
