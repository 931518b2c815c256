"""The table of a study over many seeds: one line a finished run, and what is missing is run.

A line carries the key of its simulation (scenario, territory, ledger, seed and code): a table with other
keys was made by other code, and is refused.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from queue import Queue
from typing import Any, Protocol, TypeVar

from twin.errors import InputError

Name = tuple[str, ...]
Line = dict[str, str]
Lines = dict[Name, Line]


class Run(Protocol):
    """One run of a study."""

    @property
    def seed(self) -> int:
        """Its seed."""

    @property
    def name(self) -> Name:
        """What tells it from the others, as written in the table."""


R = TypeVar("R", bound=Run)


def read_lines(table: Path, names: Sequence[str]) -> Lines:
    """Lines of the table by run."""
    if not table.is_file():
        return {}
    with table.open(newline="") as file:
        return {tuple(line[name] for name in names): line for line in csv.DictReader(file)}


def write_lines(table: Path, lines: Lines, order: Callable[[Line], Any]) -> None:
    """Write the whole table, or leave it; lines stand in order, however they were finished."""
    rows = sorted(lines.values(), key=order)
    beside = table.with_suffix(".part")
    with beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(table)


def read_rows(table: Path) -> list[Line]:
    """Lines of a table, as written."""
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def live_and_write(table: Path, days: Iterable[Line]) -> None:
    """Tell each line as it is worked out, on standard error, and write the table when all are there."""
    rows = []
    for line in days:
        print(line, file=sys.stderr, flush=True)
        rows.append(line)
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def missing_by_seed(
    table: Path, done: Lines, wanted: Iterable[R], key_of: Callable[[R], str]
) -> dict[int, list[R]]:
    """Runs that the table lacks, by seed.

    Raises
    ------
    InputError
        Some line of the table has another key than that run would have now.
    """
    by_seed: dict[int, list[R]] = {}
    for run in wanted:
        line = done.get(run.name)
        if line is None:
            by_seed.setdefault(run.seed, []).append(run)
        elif line.get("key") != key_of(run):
            where = f"{table.name}: {', '.join(filter(None, run.name))}"
            right = "no table, or another one (--table FILE)"
            raise InputError(where, "made by other code, or of another scenario or territory", right)
    return by_seed


def run_by_seed(
    by_seed: Mapping[int, list[R]], processes: int, work_of: Callable[[list[R]], Iterator[tuple[R, Line]]]
) -> Iterator[tuple[R, Line]]:
    """What runs came to, seeds side by side, each as soon as it is finished; told on standard error.

    Parameters
    ----------
    work_of
        Runs those of one seed one after another, in a process of their own.
    """
    total = sum(map(len, by_seed.values()))
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(processes, mp_context=context) as executor:
        done = manager.Queue()
        work = [executor.submit(_hand_over, work_of, wanted, done) for wanted in by_seed.values()]
        n_done, n_ended = 0, 0
        while n_ended < len(work):
            handed = done.get()
            if handed is None:
                n_ended += 1
                continue
            yield handed
            n_done += 1
            said = ", ".join(filter(None, handed[0].name))
            print(f"{n_done}/{total} runs: {said}", file=sys.stderr, flush=True)
        for each in work:
            each.result()


def complete(
    table: Path,
    done: Lines,
    results: Iterable[tuple[R, Line]],
    names: Sequence[str],
    keep: Callable[[Path, Lines], None],
) -> None:
    """Write each result of a run into the table as it comes, and tell the digest of the whole at the end."""
    for run, row in results:
        done[run.name] = dict(zip(names, run.name, strict=True)) | row
        keep(table, done)
    print(f"{table}: {hashlib.sha256(table.read_bytes()).hexdigest()}")


def _hand_over(work_of: Callable[[list[Any]], Iterator[Any]], wanted: list[Any], done: Queue[Any]) -> None:
    """Hand over each run of a seed as it is finished, and None behind the last."""
    try:
        for finished in work_of(wanted):
            done.put(finished)
    finally:
        done.put(None)
