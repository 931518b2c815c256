"""Commands that only look: `check`, `scenarios`, `parameters`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile
from twin.cli.output import emit, exact, paragraph, say, table
from twin.cli.progress import shown
from twin.errors import InputError
from twin.scenario.ledger import KINDS, Parameters


def check(scenario: ScenarioFile, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Validate a scenario, print every value and where it comes from."""
    from twin.scenario.assembly import leaves
    from twin.scenario.scenario import Scenario
    from twin.scenario.wording import spell

    asked = Scenario.load(scenario)
    asked.territory_path()
    from twin.cli.fit import fit

    with shown(quiet):
        found = fit(asked)
    origins = asked.provenance()
    if as_json:
        digests = {"digest": asked.digest, "simulation_digest": asked.simulation_digest()}
        return emit({**digests, "resolved": asked.resolved(), "provenance": origins, **found})
    values = {spell(location): value for location, value in leaves(asked.resolved())}
    rows = [(key, exact(value), origins[key]) for key, value in values.items()]
    table(("key", "value", "from"), rows, title=asked.title)
    for change, n_links in zip(asked.modifications, found["modification_links"], strict=True):
        say(change.differs() + ("" if n_links is None else f" (links: {n_links})"))
    from twin.population.summary import statistics_notes

    for note in statistics_notes(found["areas"]):
        say(note)
    say(f"digest {asked.digest}")
    return None


def scenarios(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Folder; default scenarios/, here, above, or beside the package."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List a library of scenarios."""
    if folder is None:
        folder = _library()
    if not folder.is_dir():
        raise InputError(folder.as_posix(), "no such folder", "a folder with scenario files")
    rows = [_listed(file) for file in sorted(folder.glob("*.toml"))]
    if as_json:
        return emit({"folder": folder, "scenarios": rows})
    columns = ("file", "title", "territory", "focus", "modifications", "error")
    table(columns, [[row.get(column, "") for column in columns] for row in rows], folder.as_posix())
    return None


def _library() -> Path:
    """The nearest folder ``scenarios``: here, above, or beside the package where it runs from a checkout."""
    here = Path.cwd()
    for home in (here, *here.parents, Path(__file__).parents[2]):
        if (home / "scenarios").is_dir():
            return Path("scenarios") if home == here else home / "scenarios"
    right = "`twin scenarios DIR` with a folder of scenario files (*.toml)"
    raise InputError("scenarios", f"no such folder in {here.as_posix()} or above", right)


def _listed(file: Path) -> dict[str, Any]:
    """One line of the library; a broken scenario is listed with what is wrong."""
    from twin.scenario.scenario import Scenario

    try:
        asked = Scenario.load(file)
    except InputError as error:
        return {"file": file.name, "error": str(error)}
    return {
        "file": file.name,
        "title": asked.title,
        "territory": asked.territory,
        "focus": asked.focus,
        "modifications": [change.kind for change in asked.modifications],
        "digest": asked.digest,
    }


def parameters(
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Only rows of a kind: " + ", ".join(KINDS))
    ] = None,
    names: Annotated[
        str, typer.Option("--names", metavar="GLOB", help="Only names that match, as in 'mobility.*'.")
    ] = "*",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Print the ledger: every number assumed, what it means, its range, unit, kind and source."""
    from dataclasses import asdict

    if kind is not None and kind not in KINDS:
        raise InputError("--kind", f"no kind {kind!r}", "one of " + ", ".join(KINDS))
    ledger = Parameters.defaults()
    found = ledger.names(names)
    if not found:
        from twin.scenario.wording import nearest

        heads, every = {f"{name.partition('.')[0]}.*" for name in ledger.names()}, ledger.names()
        close = "" if "*" in names else nearest(names, every)
        right = close if close in every else nearest(names, heads)
        raise InputError("--names", f"no name matches {names!r}", right)
    rows = [ledger.row(name) for name in found]
    rows = [row for row in rows if kind is None or row.kind == kind]
    if as_json:
        return emit({"rows": [asdict(row) for row in rows], "digest": ledger.digest})
    for row in rows:
        within = "" if row.low is None else f" ({exact(row.low)} to {exact(row.high)})"
        say(f"{row.name} = {exact(row.value)}{within} {row.unit}, {row.kind}")
        say(paragraph(row.meaning))
        say(paragraph(f"source: {row.source}") + "\n")
    say(f"{len(rows)} rows, digest {ledger.digest}")
    return None
