"""The command `value`: what data are worth for the decisions of a scenario's focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.cli.options import AsJson, Quiet, ScenarioFile, Seeds
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting

if TYPE_CHECKING:
    from twin.study.statistics import Difference
    from twin.study.value_of_data import ValueOfData


def value(
    scenario: ScenarioFile,
    seeds: Seeds = 20,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell what data are worth: what decisions cost with and without them, and whose they are."""
    (asked,) = fitting([scenario], quiet)
    from twin.model.sources import load_population, load_territory
    from twin.study.value_of_data import value_of_data

    with shown(quiet) as progress:
        territory = load_territory(asked)
        population = load_population(asked, territory, asked.seed)
        found = value_of_data(asked, territory, population, seeds, progress=progress)
    return emit(found.summary()) if as_json else _print(found)


def _print(found: ValueOfData) -> None:
    """Tables: decisions, crossings, holders, and the sensors of most net value."""
    rows: list[list[Any]] = []
    crossed: list[list[Any]] = []
    for game in found.games:
        names = [each.name for each in game.datasets]
        rows.append([game.name, "nothing", f"costs {game.cost[:, 0].mean():.2f}", ""])
        rows += [[game.name, name, *_spelled(game.worth(1 << k))] for k, name in enumerate(names)]
        rows.append([game.name, "all", *_spelled(game.worth((1 << len(names)) - 1))])
        rows.append([game.name, "what may be read now", f"{(game.cost[:, 0] - game.as_is).mean():.2f}", ""])
        crossed += [[game.name, " x ".join(pair), *_spelled(each)] for pair, each in game.crossings().items()]
    title = f"{found.scenario.title}: EUR a day saved"
    table(("decision", "what is seen", "saves", "95 % interval"), rows, title)
    table(("decision", "crossed", "beyond each alone", "95 % interval"), crossed, "What crossing adds")
    shares = [[name, *_spelled(each)] for name, each in found.shares.items()]
    table(("holder", "share", "95 % interval"), shares, "Shapley shares of holders, EUR a day")
    for line in found.left_out:
        say(f"left out: {line}")
    given, measures = (
        ("mediation", "equipment"),
        ("bias", "weighed_bias", "distance", "weighed_distance"),
    )
    helped = [
        [*(f"{each[name]:.0%}" for name in given), *(f"{each[name]['value']:+.3f}" for name in measures)]
        for each in found.app.get("by_help", [])
    ]
    heads = ("mediation", "equipment", "bias", "bias, weighed by age", "distance by age", "weighed")
    table(heads, helped, "Reports by app: share in need as reported less the true one")
    for peak in found.peaks:
        best = peak.best
        inside = "inside" if peak.interior_count else "at the end"
        say(
            f"{best.kind}: {best.count} every {best.interval_s:g} s net most, {best.net_eur:.2f} EUR a day, "
            f"{best.gco2e:.0f} gCO2e a day; {inside} of the numbers tried"
        )


def _spelled(each: Difference) -> list[str]:
    if each.difference is None:
        return ["–", ""]
    if each.low is None or each.high is None:
        return [f"{each.difference:.2f}", "no interval below 5 seeds"]
    return [f"{each.difference:.2f}", f"{each.low:.2f} to {each.high:.2f}"]
