"""The table of a study over many seeds: one line a finished run, and what is missing is run.

A line carries the key of its simulation (scenario, territory, ledger, seed and code). Lines with other keys
than now were made by other code, and have to be proved: of one seed, the first and the last line of each
experiment are lived again. They stand if those come out to the last digit, the digest of truth among them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from queue import Queue
from typing import Any, Generic, Protocol, TypeVar

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


@dataclass(frozen=True)
class Work(Generic[R]):
    """How a study tells its runs apart, by which key each stands, how those of a seed are lived and kept."""

    names: tuple[str, ...]
    key_of: Callable[[R], str]
    run_members: Callable[[list[R]], Iterator[tuple[R, Line]]]
    keep: Callable[[Path, Lines], None]


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


def go_on(table: Path, wanted: Sequence[R], work: Work[R], processes: int) -> int:
    """Run what the table lacks, each result a line as it comes; 0, or 2 where its lines do not stand.

    Told: each run on standard error, and on standard output the digest of the whole table.
    """
    done = read_lines(table, work.names)
    try:
        prove(table, done, wanted, work, processes)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    for run, row in run_by_seed(missing_by_seed(done, wanted), processes, work.run_members):
        done[run.name] = dict(zip(work.names, run.name, strict=True)) | row
        work.keep(table, done)
    print(f"{table}: {hashlib.sha256(table.read_bytes()).hexdigest()}")
    return 0


def arguments(doc: str | None, table: Path, seeds: int) -> argparse.ArgumentParser:
    """What every study over many seeds is asked with."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--table", type=Path, default=table)
    return parser


def missing_by_seed(done: Lines, wanted: Iterable[R]) -> dict[int, list[R]]:
    """Runs that the table lacks, by seed."""
    return _by_seed(run for run in wanted if run.name not in done)


def to_prove(done: Lines, wanted: Sequence[R], key_of: Callable[[R], str]) -> list[R]:
    """Runs to live again before the table's lines stand: none if each carries the key that it has now.

    All are of one seed, the first and the last of each experiment. Keys choose the seed, so that other code
    proves another one.
    """
    keys = {run.name: key_of(run) for run in wanted if run.name in done}
    others = {name for name, key in keys.items() if done[name].get("key") != key}
    unproved = _by_seed(run for run in wanted if run.name in others)
    if not unproved:
        return []
    runs = min(unproved.values(), key=lambda of_seed: keys[of_seed[0].name])
    ends: dict[str, list[R]] = {}
    for run in runs:
        ends.setdefault(run.name[0], []).append(run)
    chosen = {each.name for of_one in ends.values() for each in (of_one[0], of_one[-1])}
    return [run for run in runs if run.name in chosen]


def prove(table: Path, done: Lines, wanted: Sequence[R], work: Work[R], processes: int) -> None:
    """Live again what has to be proved.

    Raises
    ------
    InputError
        A line does not come out again.
    """
    again = to_prove(done, wanted, work.key_of)
    if again:
        print(f"{table.name}: made by other code; {len(again)} of its runs are lived again", file=sys.stderr)
    for run, row in list(run_by_seed(_by_seed(again), processes, work.run_members)):
        line = done[run.name]
        for column in (name for name in row if name != "key" and line.get(name) != row[name]):
            where = f"{table.name}: {', '.join(filter(None, run.name))}: {column}"
            found = f"{line.get(column)!r}, made by other code, or of another scenario or territory"
            raise InputError(where, found, f"{row[column]!r}; or no table, or another one (--table FILE)")


def run_by_seed(
    by_seed: Mapping[int, list[R]], processes: int, work_of: Callable[[list[R]], Iterator[tuple[R, Line]]]
) -> Iterator[tuple[R, Line]]:
    """What runs came to, seeds side by side, each as soon as it is finished; told on standard error.

    Parameters
    ----------
    work_of
        Runs those of one seed one after another, in a process of their own.
    """
    if not by_seed:
        return
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


def _by_seed(runs: Iterable[R]) -> dict[int, list[R]]:
    found: dict[int, list[R]] = {}
    for run in runs:
        found.setdefault(run.seed, []).append(run)
    return found


def _hand_over(work_of: Callable[[list[Any]], Iterator[Any]], wanted: list[Any], done: Queue[Any]) -> None:
    """Hand over each run of a seed as it is finished, and None behind the last."""
    try:
        for finished in work_of(wanted):
            done.put(finished)
    finally:
        done.put(None)
