"""Whose lives runs and habits tell: the same persons are who the same seed drew into the same homes.

A scenario changes what people do, a date or a scale which of them are about, a ledger what they have: none of
that makes other people of them. So what is owed to persons goes by who they are, never by what they do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from twin.kernels.random import keys_of
from twin.population.draws import member_keys
from twin.population.tables import Persons
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory

NO_HOME = ""


def person_keys(persons: Persons, territory: Territory, seed: int) -> np.ndarray:
    """Key of each person (n_persons,) uint64, made of the seed, the person's own key and its home.

    Equal in every scenario that draws the person, other streets, days, scales and parameters included.
    """
    rows, of_person = np.unique(persons.home, return_inverse=True)
    names = [str(territory.places.place_id[row]) if row >= 0 else NO_HOME for row in rows.tolist()]
    home = keys_of(np.array(names)).view(np.int64)
    drawn = member_keys(persons.person_key, np.full(len(persons), seed, dtype=np.int64))
    return member_keys(drawn, home[of_person])


def people_digest(persons: Persons, territory: Territory, seed: int) -> str:
    """SHA-256 over ids and keys of all persons in the order of their ids: who they are, not what they do."""
    order = np.argsort(persons.person_id, kind="stable")
    digest = hashlib.sha256(persons.person_id[order].astype("<i8").tobytes())
    digest.update(person_keys(persons, territory, seed)[order].astype("<u8").tobytes())
    return digest.hexdigest()


class RunPeople(NamedTuple):
    """Whom a run's tables or learned habits tell of; an empty digest where it was not noted."""

    seed: int
    people_digest: str
    territory_digest: str
    territory_path: str

    @classmethod
    def of(cls, scenario: Scenario, territory: Territory, persons: Persons, seed: int) -> Self:
        """Those of a scenario and a seed."""
        path = str(scenario.territory_path().resolve())
        return cls(seed, people_digest(persons, territory, seed), territory.digest, path)

    @classmethod
    def of_run(cls, manifest: Mapping[str, Any]) -> Self:
        """Those of a run's manifest; of earlier versions it tells seed and territory only."""
        about = manifest["provenance"]
        path = str(Path(about["territory_path"]).resolve())
        digest = str(about.get("people_digest", ""))
        return cls(int(manifest["seed"]), digest, str(about["territory_digest"]), path)

    def are(self, others: RunPeople) -> bool:
        """Whether an id names the same person among both.

        Of one territory and seed they are the same, whatever scenario they live under. A territory is known
        by where it lies, even if built anew, or by what it says, even if it lies elsewhere.
        """
        if self.people_digest and self.people_digest == others.people_digest:
            return True
        here = (
            self.territory_path == others.territory_path or self.territory_digest == others.territory_digest
        )
        return self.seed == others.seed and here
