"""What of a run is not written as observations for others, and what forbids it."""

from __future__ import annotations

from typing import NamedTuple

from twin.study.results import Result
from twin.study.things import shareable
from twin.territory.territory import Territory

PERSONAL = "personal data: no right opens them (GDPR art. 5 and 6)"
OF_PEOPLE = "personal data: they leave by `twin publish` alone"
NOT_OF_STREETS = "not of streets: sensors are written by the link at which they stand"


class LeftOut(NamedTuple):
    """A dataset or a table of people, its rows, and why it is left out."""

    name: str
    rows: int
    why: str

    def told(self) -> str:
        """In words.

        >>> LeftOut("phones", 4, PERSONAL).told()
        'phones (4 rows; personal data: no right opens them (GDPR art. 5 and 6))'
        """
        return f"{self.name} ({self.rows:,} rows; {self.why})"


def left_out(result: Result, territory: Territory) -> tuple[LeftOut, ...]:
    """All that a run observed or knows of people and an export does not hold."""
    counts = result.manifest.get("observations", {})
    personal = result.manifest["personal_datasets"]
    found = [LeftOut(name, counts[name], PERSONAL) for name in personal if counts.get(name)]
    table = shareable(result)
    elsewhere = table[~table["datastream"].astype(str).isin(territory.streets.link_id.astype(str))]
    of_nodes = elsewhere["dataset"].astype(str).value_counts().sort_index()
    found += [LeftOut(str(name), int(n), NOT_OF_STREETS) for name, n in of_nodes.items()]
    people = {"trips": result.trips, "homes": result.homes}
    found += [LeftOut(name, len(rows), OF_PEOPLE) for name, rows in people.items() if len(rows)]
    return tuple(found)
