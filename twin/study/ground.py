"""The ground of runs: loaded once for all, and that of a finished one found again from wherever it is read.

It is found by the territory's name as `twin run` finds it, here or above the run's folder, else where the
run found it; whichever it is must be what the run used, by its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.model.sources import open_territory
from twin.scenario.scenario import Scenario
from twin.scenario.territories import find_territory
from twin.study.keys import stamp_of_ground
from twin.study.streets import edited_by
from twin.territory.territory import Territory


@dataclass(frozen=True)
class RunGround:
    """What a run stood on.

    Parameters
    ----------
    scenario
        The run's own, which takes its territory from there.
    built
        The territory as it lies on disk.
    edited
        The same with the streets and services that the scenario leaves of it.
    """

    scenario: Scenario
    built: Territory
    edited: Territory


def territory_of(scenario: Scenario) -> Territory:
    """The territory that a scenario names, loaded once while its files stay as they are."""
    path = scenario.territory_path()
    return _loaded(str(path), stamp_of_ground(scenario))


@lru_cache(maxsize=2)
def _loaded(path: str, stamp: str) -> Territory:
    """A territory, loaded once while its files stay as they are."""
    return open_territory(Path(path))


def ground_of(scenario: Scenario, manifest: Mapping[str, Any], folder: Path | None = None) -> RunGround:
    """The ground of the run of a manifest, which lies in ``folder``.

    Raises
    ------
    InputError
        The territory is in none of these places, or has changed since; ``what`` names no path.
    """
    about = manifest["provenance"]
    recorded = Path(about["territory_path"])
    places = list(dict.fromkeys(_places(scenario, folder, recorded)))
    for place in places:
        found = _standing(scenario, place, about["territory_digest"])
        if found is not None:
            return found
    where = scenario.where("territory") if folder is None else str(folder)
    if not places:
        right = f"networks/{scenario.territory} here, above or in TWIN_NETWORKS, or {recorded}, as in the run"
        raise InputError(where, f"the territory {scenario.territory!r} of the run is not there", right)
    looked = " or ".join(map(str, places))
    right = f"what has the digest {about['territory_digest'][:12]} at {looked}, or a new run"
    raise InputError(where, f"the territory {scenario.territory!r} has changed since the run", right)


def _places(scenario: Scenario, folder: Path | None, recorded: Path) -> Iterator[Path]:
    """Where the territory may lie, best first."""
    searches = [scenario.territory_path]
    if folder is not None:
        searches.append(partial(find_territory, scenario.territory, folder, "territory"))
    for search in searches:
        try:
            yield search().resolve()
        except InputError:
            continue  # not there: the next place may have it
    if recorded.exists():
        yield recorded.resolve()


def _standing(scenario: Scenario, place: Path, digest: str) -> RunGround | None:
    """The ground at a place, None where that is another than the run's or came to harm."""
    here = scenario.standing_on(place)
    try:
        built = territory_of(here)
        edited = edited_by(here, built)
    except InputError:
        return None
    return RunGround(here, built, edited) if edited.digest == digest else None
