"""Tables of studies: gone on with where they were left, and put to proof where other code made them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.studies.table import Line, Lines, Name, Work, go_on, read_lines, to_prove, write_lines

NAMES = ("experiment", "share", "seed")


@dataclass(frozen=True)
class Toy:
    """A run whose outcome is a sum."""

    experiment: str
    share: int
    seed: int

    @property
    def name(self) -> Name:
        return self.experiment, str(self.share), str(self.seed)


WANTED = [Toy(each, share, seed) for seed in (1, 2, 3) for each in ("open", "closed") for share in (0, 1, 2)]


def key_of(run: Toy) -> str:
    """Keys that choose seed 2: the least of the first runs of seeds."""
    return f"{run.seed % 2}{run.share}{run.experiment}{run.seed}"


def run_toys(runs: list[Toy]) -> Iterator[tuple[Toy, Line]]:
    for run in runs:
        total = run.share + 10 * run.seed + 100 * len(run.experiment)
        yield run, {"total": str(total), "key": key_of(run)}


def keep(table: Path, lines: Lines) -> None:
    write_lines(table, lines, lambda line: tuple(line[name] for name in NAMES))


TOYS = Work(NAMES, key_of, run_toys, keep)


def lines_of(runs: list[Toy], **changed: str) -> Lines:
    """Lines as runs leave them, with values of another code."""
    return {
        run.name: dict(zip(NAMES, run.name, strict=True)) | row | changed
        for each in runs
        for run, row in run_toys([each])
    }


def test_a_stopped_study_goes_on_and_no_run_is_lived_twice(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "toys.csv"
    keep(table, lines_of(WANTED[:8]))
    assert go_on(table, WANTED, TOYS, 2) == 0
    told = capfd.readouterr()
    assert told.err.count(" runs: ") == len(WANTED) - 8
    assert "10/10 runs: " in told.err
    assert read_lines(table, NAMES) == lines_of(WANTED)
    before = table.read_bytes()
    assert go_on(table, WANTED, TOYS, 2) == 0
    assert capfd.readouterr() == (told.out, ""), "a whole table is told by its digest, and nothing is run"
    assert table.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["toys.csv"]


def test_of_a_table_made_by_other_code_one_seed_is_proved_at_both_ends_of_each_experiment() -> None:
    assert to_prove(lines_of(WANTED), WANTED, key_of) == []
    proved = to_prove(lines_of(WANTED, key="other"), WANTED, key_of)
    assert proved == [Toy(each, share, 2) for each in ("open", "closed") for share in (0, 2)]
    mixed = lines_of(WANTED) | lines_of(WANTED[12:14], key="other")
    assert to_prove(mixed, WANTED, key_of) == WANTED[12:14], "only what other code made"
    without = {name: {k: v for k, v in line.items() if k != "key"} for name, line in mixed.items()}
    assert to_prove(without, WANTED, key_of) == proved, "as tables were written before lines carried a key"
    assert to_prove({}, WANTED, key_of) == []


def test_a_table_whose_lines_come_out_again_is_gone_on_with(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table, old = tmp_path / "toys.csv", lines_of(WANTED[:12], key="other")
    keep(table, old)
    assert go_on(table, WANTED, TOYS, 2) == 0
    assert capfd.readouterr().err.count(" runs: ") == 4 + 6
    assert read_lines(table, NAMES) == old | lines_of(WANTED[12:]), "each line keeps the key that made it"


def test_a_table_is_refused_where_one_of_its_lines_comes_out_otherwise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table, old = tmp_path / "toys.csv", lines_of(WANTED[:12], key="other")
    old["closed", "2", "2"]["total"] = "7"
    keep(table, old)
    before = table.read_bytes()
    assert go_on(table, WANTED, TOYS, 2) == 2
    told = capfd.readouterr().err
    assert told.splitlines()[-1].startswith(
        "toys.csv: closed, 2, 2: total: '7', made by other code, or of another scenario or territory; "
        "right would be: '622'; or no table"
    )
    assert told.count("right would be") == 1
    assert table.read_bytes() == before
