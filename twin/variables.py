"""The register of every moving array: name, dimensions, dtype, unit, meaning, kind, owner.

Kinds: ``truth`` is what is; ``knowledge`` what an actor believes or was told; ``plan`` what a person
or vehicle intends; ``policy`` what an actor has decided. A phase of the model declares by these
names what it reads and writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["truth", "knowledge", "plan", "policy"]


@dataclass(frozen=True)
class Variable:
    """One registered array."""

    name: str
    dims: tuple[str, ...]
    dtype: str
    unit: str
    meaning: str
    kind: Kind
    owner: str


REGISTER: dict[str, Variable] = {}


def register(*variables: Variable) -> None:
    """Enter variables; a name stands for one variable only."""
    for variable in variables:
        if REGISTER.setdefault(variable.name, variable) != variable:
            raise ValueError(f"variable {variable.name!r} stands already with another meaning")
