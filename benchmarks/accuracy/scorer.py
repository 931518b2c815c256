"""Scores of the known answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.accuracy.case import Answer, Case, load_case
from benchmarks.accuracy.door import run_case
from benchmarks.accuracy.measures import measure
from benchmarks.accuracy.run import Run


@dataclass(frozen=True)
class Score:
    """One answer, asked of one engine."""

    case: str
    quantity: str
    engine: str
    expected: float
    got: float
    tolerance: float
    unit: str
    holds: bool
    source: str
    reason: str = ""

    def as_row(self) -> dict[str, object]:
        """Plain values; a quantity that could not be measured is None."""
        return asdict(self) | {"got": None if self.got != self.got else self.got}


def score(case: Case, run: Run, answer: Answer, engine: str, reason: str = "") -> Score:
    """One answer against one run."""
    got = measure(run, answer.quantity, dict(answer.of))
    return Score(
        case.name,
        answer.label,
        engine,
        answer.expected,
        got,
        answer.tolerance,
        answer.unit,
        answer.holds(got),
        answer.source,
        reason or answer.not_yet,
    )


def score_case(name: str) -> list[Score]:
    """All answers of one case from our engine."""
    case = load_case(name)
    run = run_case(case)
    return [score(case, run, answer, "twin") for answer in case.answers]
