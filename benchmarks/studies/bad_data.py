"""False data found, and missed: every class of fault and attack against every check, at 1 % false alarms.

Days are the simulator's, lived once for each place (`bad_data_days`): half of them teach what is usual, a
quarter sets thresholds, a quarter is judged; they are dealt in turn, so that seasons do not differ. By seed
vary the counters, all errors, the drivers who report, and what is attacked from when. A check decides at
the end of every hour from 7:00 to 21:00; its threshold for that hour is what 1 % of clean days exceed. False
alarms are told of days on which it was not set. An attack is found if the decision at the end of the day,
whose chance of a false alarm is 1 %, is an alarm; time to detect counts from its begin to the first alarm
that lasts. `docs/false_data.md` says what the table means.

Run ``python -m benchmarks.studies.bad_data [--days FOLDER]``. Days and seeds that are done are kept in the
folder and taken up again; the days take an hour, the rest minutes.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.studies.bad_data_attacks import CLASSES, Case, cases_of
from benchmarks.studies.bad_data_days import HOURS, LEDGER, PLACES, Ground, Place, Sensors, phone_hours
from benchmarks.studies.bad_data_meters import METER_CHECKS, meter_runs
from benchmarks.studies.bad_data_scores import CROSS, RESIDUAL, SOURCES, TEMPORAL, Watch
from benchmarks.studies.lived_events import default_folder
from twin.knowledge.bad_data import ResidualTest, found_share, roc_area, threshold_of

TABLE = Path(__file__).resolve().with_suffix(".csv")
COVERAGE = 0.9
USER_SHARE = 0.25 * 0.82 * 0.8
"""App share, consent and sampling as in the ledger."""
FALSE_ALARMS = 0.01
ALIKE = 0.02
CHECKS = (*RESIDUAL, *CROSS, *TEMPORAL)
JOINED = {"residuals": RESIDUAL, "sources crossed": SOURCES, "cross-checks": CROSS, "all checks": CHECKS}
DAYS_ATTACKED = 3
COVERAGES = (0.3, 0.5, 0.7, 0.9, 1.0)
METERED = "la_turbie_crop"
SENSITIVE = 0.1
"""Counters whose residual shows less of their error than this share count as having no redundancy."""


class Runs(NamedTuple):
    """Scores of one seed, (n_days, n_checks, HOURS): clean days to set and to judge, and attacked ones."""

    set_by: np.ndarray
    judged: np.ndarray
    attacked: dict[str, np.ndarray]
    onset: dict[str, np.ndarray]
    redundant: dict[str, np.ndarray]
    named: dict[str, np.ndarray]


def dealt(n_days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days to learn from, to set thresholds, to judge."""
    day = np.arange(n_days)
    return day[day % 2 == 0], day[day % 4 == 1], day[day % 4 == 3]


def runs_of(
    ground: Ground, seed: int, n_attacked: int = DAYS_ATTACKED, names: tuple[str, ...] = CLASSES
) -> Runs:
    """All days of one seed, and so many of them attacked in each of the ways named."""
    learn, set_by, judged = dealt(len(ground.days))
    sensors = Sensors(ground, seed, COVERAGE, USER_SHARE)
    watch = Watch(ground, sensors, learn)
    links = ground.system.links

    def clean(day: int) -> np.ndarray:
        value = watch.scores(sensors.counts(day), phone_hours(links, sensors.phones(day))).value
        return np.array([value[name] for name in CHECKS])

    cases: dict[str, list[Case]] = {name: [] for name in names}
    scores: dict[str, list[np.ndarray]] = {name: [] for name in names}
    named: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for k in range(n_attacked):
        day = int(judged[(seed + 7 * k) % len(judged)])
        counts, phones = sensors.counts(day), sensors.phones(day)
        for case in cases_of(watch, day, k, names):
            told = watch.scores(*case.applied(counts, phones, links))
            cases[case.name].append(case)
            scores[case.name].append(np.array([told.value[name] for name in CHECKS]))
            named[case.name].append(np.array([told.named[name][-1] == case.target for name in CHECKS]))
    return Runs(
        np.array([clean(int(day)) for day in set_by]),
        np.array([clean(int(day)) for day in judged]),
        {name: np.array(each) for name, each in scores.items()},
        {name: np.array([case.start for case in each]) for name, each in cases.items()},
        {name: np.array([case.sensitivity >= SENSITIVE for case in each]) for name, each in cases.items()},
        {name: np.array(each) for name, each in named.items()},
    )


def pooled(runs: list[Runs]) -> Runs:
    """All seeds' together."""
    first = (np.concatenate([getattr(run, name) for run in runs]) for name in ("set_by", "judged"))
    rest = (
        {name: np.concatenate([getattr(run, field)[name] for run in runs]) for name in runs[0].attacked}
        for field in ("attacked", "onset", "redundant", "named")
    )
    return Runs(*first, *rest)


def over(set_by: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Scores (n, n_checks, HOURS) over what 2 % of clean days exceed, check by check and hour by hour.

    So checks are made alike before the greatest is taken; what 1 % exceed would fit the same days twice.
    """
    limits = np.array(
        [
            [threshold_of(set_by[:, check, hour], ALIKE) for hour in range(HOURS)]
            for check in range(set_by.shape[1])
        ]
    )
    room = CHECKS.index("room")
    limits[room] = np.maximum(limits[room], LEDGER["security.room_margin"])  # below, nothing is impossible
    return np.asarray(scores / np.maximum(limits, 1e-9))


def judged_by(runs: Runs, checks: tuple[str, ...], name: str) -> dict[str, np.ndarray]:
    """One check, or several as one by the greatest of their scores over threshold: (n, HOURS) by what."""
    rows = [CHECKS.index(check) for check in checks]
    parts = {"set": runs.set_by, "clean": runs.judged, "bad": runs.attacked[name]}
    scores = {key: over(runs.set_by, part)[:, rows].max(axis=1) for key, part in parts.items()}
    again = np.array([threshold_of(scores["set"][:, hour], FALSE_ALARMS) for hour in range(HOURS)])
    return {key: score / again for key, score in scores.items()}


def hours_to_detect(alarms: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Hours from the begin to the end of the first hour from which alarms last; NaN where not found."""
    lasting = np.flip(np.minimum.accumulate(np.flip(alarms, axis=1), axis=1), axis=1)
    first = np.where(lasting.any(axis=1), lasting.argmax(axis=1), -1)
    return np.where(first >= 0, np.maximum(first - start, 0) + 1.0, np.nan)


def lines_of(place: str, runs: Runs) -> Iterator[dict[str, str]]:
    """Lines of the table of one place."""
    together = {name: (name,) for name in CHECKS} | JOINED
    for name in runs.attacked:
        for check, parts in together.items():
            by = judged_by(runs, parts, name)
            for kind, kept in (("", slice(None)), (", redundant", runs.redundant[name])):
                bad = by["bad"][kept]
                if not len(bad) or (kind and name != "gross"):
                    continue
                onset = runs.onset[name][kept]
                yield line_of((place, name + kind, check), {"clean": by["clean"], "bad": bad}, onset)


def line_of(head: tuple[str, str, str], by: dict[str, np.ndarray], onset: np.ndarray) -> dict[str, str]:
    """One line: of scores over threshold (n, n_hours), clean and bad, and the hours in which those begin."""
    alarms, false = by["bad"] > 1.0, by["clean"] > 1.0
    hours = hours_to_detect(alarms, onset)
    last = by["clean"][:, -1], by["bad"][:, -1]
    return {
        **dict(zip(("place", "class", "check"), head, strict=True)),
        "attacks": str(len(alarms)),
        "found": f"{alarms[:, -1].mean():.4f}",
        "false_alarms": f"{false.mean():.4f}",
        "false_alarms_last": f"{false[:, -1].mean():.4f}",
        "found_at_5": f"{found_share(*last, np.array([0.05]))[0]:.4f}",
        "roc_area": f"{roc_area(*last):.4f}",
        "median_hours": f"{np.nanmedian(hours):.1f}" if np.isfinite(hours).any() else "",
    }


def meter_lines(place: str, ground: Ground, seeds: int) -> Iterator[dict[str, str]]:
    """Lines of the table of power meters that were tampered with."""
    runs = [meter_runs(ground, seed, dealt(len(ground.days)), DAYS_ATTACKED) for seed in range(1, seeds + 1)]
    set_by, judged, attacked, onset = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    for row, check in enumerate(METER_CHECKS):
        limit = np.array([threshold_of(set_by[:, row, hour], FALSE_ALARMS) for hour in range(24)])
        by = {"clean": judged[:, row] / limit, "bad": attacked[:, row] / limit}
        yield line_of((place, "tamper", check), by, onset)


def cost_lines(place: Place, runs: Runs, folder: Path) -> Iterator[str]:
    """What it costs: counters, how many of them others can vouch for, clean days with an alarm."""
    ground = Ground.of(place, folder)
    learn, _, _ = dealt(len(ground.days))
    for coverage in COVERAGES:
        shown, n = [], 0
        for seed in range(1, 6):
            watch = Watch(ground, Sensors(ground, seed, coverage, USER_SHARE), learn)
            n, noon = len(watch.sensors.counted), HOURS // 2
            spread = [watch.count_spread_veh[noon], watch.usual.rest_spread_veh[noon]]
            matrix = ground.system.matrix(watch.sensors.counted)
            test = ResidualTest.of(matrix, np.concatenate(spread) ** 2)
            shown.append(np.mean(test.sensitivity[:n] >= SENSITIVE))
        yield f"{place.name}: {n} counters ({coverage:.0%}), {np.mean(shown):.0%} of them redundant"
    for check in ("chi_square", "cross-checks", "all checks"):
        by = judged_by(runs, JOINED.get(check, (check,)), "gross")
        days = (by["clean"] > 1.0).any(axis=1).mean()
        yield f"{place.name}: {check}: an alarm on {days:.1%} of clean days"


def kept_runs(place: Place, folder: Path, seeds: int) -> Iterator[Runs]:
    """Runs by seed, read where they stand."""
    ground: Ground | None = None
    home = folder / f"bad data {place.name}"
    home.mkdir(parents=True, exist_ok=True)
    for seed in range(1, seeds + 1):
        file = home / f"{seed}.npz"
        if not file.is_file():
            ground = ground or Ground.of(place, folder)
            made = runs_of(ground, seed)
            flat = {"set_by": made.set_by, "judged": made.judged}
            for field in Runs._fields[2:]:
                flat |= {f"{field}/{name}": each for name, each in getattr(made, field).items()}
            np.savez_compressed(file.with_suffix(".part.npz"), **flat)
            file.with_suffix(".part.npz").replace(file)
            print(f"{place.name}: seed {seed}", flush=True)
        with np.load(file, allow_pickle=False) as kept:
            fields = ({name: kept[f"{field}/{name}"] for name in CLASSES} for field in Runs._fields[2:])
            yield Runs(kept["set_by"], kept["judged"], *fields)


def main(arguments: list[str] | None = None) -> int:
    """Live what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=Path, default=default_folder("days"), help="folder of lived days")
    parser.add_argument("--seeds", type=int, help="of every place; as the places have it")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--place", choices=[place.name for place in PLACES], action="append")
    options = parser.parse_args(arguments)
    lines = []
    for place in PLACES:
        if not options.place or place.name in options.place:
            seeds = options.seeds or place.seeds
            runs = pooled(list(kept_runs(place, options.days, seeds)))
            lines += lines_of(place.name, runs)
            print("\n".join(cost_lines(place, runs, options.days)), flush=True)
            if place.territory == METERED:
                lines += meter_lines(place.name, Ground.of(place, options.days), seeds)
    with options.table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    for line in lines:
        if line["check"] in (*JOINED, "chi_square"):
            print("  ".join(f"{value:>20}" for value in line.values()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
