"""EPANET's input files (INP): read into arrays and tables, and written again, nothing lost.

Numbers stay in the file's own units. What the twin does not reckon with itself (controls, rules, curves,
energy, reactions ...) is kept as the lines of its section.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from twin.errors import InputError
from twin.territory.tables import Floats, Texts

JUNCTIONS, PIPES = "JUNCTIONS", "PIPES"
NODES = ("JUNCTIONS", "RESERVOIRS", "TANKS")
LINKS = ("PIPES", "PUMPS", "VALVES")
MOST_BYTES = 200_000_000
ON_A_LINE = 20
"""Pattern values on a line: EPANET reads at most 1,023 characters."""


@dataclass(frozen=True)
class Inp:
    """A water network of an INP file.

    Junctions: name, elevation, base demand, pattern ("" none). Pipes: name, tail and head (names of
    nodes), length, diameter, roughness, minor loss, status. `sections` holds every other section's lines,
    in the order of the file.
    """

    junction: Texts
    elevation: Floats
    demand: Floats
    pattern: Texts
    pipe: Texts
    tail: Texts
    head: Texts
    length: Floats
    diameter: Floats
    roughness: Floats
    minor_loss: Floats
    status: Texts
    sections: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def names(self, section: str) -> list[str]:
        """Names of a section's elements."""
        if section == JUNCTIONS:
            return [str(each) for each in self.junction]
        if section == PIPES:
            return [str(each) for each in self.pipe]
        return [fields_of(line)[0] for line in self.sections.get(section, ()) if fields_of(line)]

    def text(self) -> str:
        """The file again."""
        parts = ["[TITLE]", *self.sections.get("TITLE", ()), "[JUNCTIONS]"]
        columns = zip(self.junction, self.elevation, self.demand, self.pattern, strict=True)
        parts += [
            f"{a} {b!r} {c!r} {d}" for a, b, c, d in ((w, float(x), float(y), z) for w, x, y, z in columns)
        ]
        rows = zip(self.pipe, self.tail, self.head, self.status, strict=True)
        numbers = np.column_stack([self.length, self.diameter, self.roughness, self.minor_loss]).tolist()
        pipes = [
            f"{name} {tail} {head} {' '.join(map(repr, each))} {status}"
            for (name, tail, head, status), each in zip(rows, numbers, strict=True)
        ]
        for section in ("RESERVOIRS", "TANKS"):
            parts += [f"[{section}]", *self.sections.get(section, ())]
        parts += ["[PIPES]", *pipes]
        for section, lines in self.sections.items():
            if section not in ("TITLE", "RESERVOIRS", "TANKS", "END"):
                parts += [f"[{section}]", *lines]
        return "\n".join([*parts, "[END]", ""])

    def check(self, where: str) -> None:
        """Raise InputError for a link to a node that is not there, or an element given twice."""
        for kinds in (NODES, LINKS):
            names = [name for section in kinds for name in self.names(section)]
            twice = (
                {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
            )
            if twice:
                raise InputError(f"{where}: {min(twice)}", "an element given twice", "one of each name")
        nodes = {name for section in NODES for name in self.names(section)}
        links = list(zip(self.pipe.tolist(), self.tail.tolist(), self.head.tolist(), strict=True))
        for section in LINKS[1:]:
            for line in self.sections.get(section, ()):
                parts = fields_of(line)
                if len(parts) >= 3:
                    links.append((parts[0], parts[1], parts[2]))
        for name, tail, head in links:
            missing = [end for end in (tail, head) if end not in nodes]
            if missing:
                what = f"it ends at {missing[0]!r}, which is no node"
                raise InputError(f"{where}: link {name}", what, "a junction, reservoir or tank")


def shared_patterns(asked: Floats, mean: Floats, prefix: str) -> tuple[list[str], dict[int, str]]:
    """Lines of patterns for demands (n_steps, n) over their means (n,), and the name of each that is not 0.

    Who asks alike shares one; numbers have six decimals.

    >>> shared_patterns(np.array([[1.0, 2.0, 0.0], [3.0, 6.0, 0.0]]), np.array([2.0, 4.0, 0.0]), "p")
    (['p0 0.5 1.5'], {0: 'p0', 1: 'p0'})
    """
    name_of: dict[bytes, str] = {}
    pattern: dict[int, str] = {}
    lines: list[str] = []
    for row in np.flatnonzero(mean > 0.0).tolist():
        shape = np.round(asked[:, row] / mean[row], 6)
        name = name_of.get(shape.tobytes(), "")
        if not name:
            name = name_of[shape.tobytes()] = f"{prefix}{len(name_of)}"
            values = [f"{each:.9g}" for each in shape.tolist()]
            starts = range(0, len(values), ON_A_LINE)
            lines += [f"{name} {' '.join(values[at : at + ON_A_LINE])}" for at in starts]
        pattern[row] = name
    return lines, pattern


def epanet_clock(seconds: float) -> str:
    """Hours, minutes and seconds as EPANET reads them.

    >>> epanet_clock(900.0)
    '0:15:00'
    """
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def fields_of(line: str) -> list[str]:
    """Fields of a line, without what stands behind a semicolon."""
    return line.split(";", 1)[0].split()


def read_inp(path: Path) -> Inp:
    """A network from a file; bad ones are one InputError that names the line or the element."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(str(path), "more than 200 MB", "a smaller file")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(str(path), f"not read: {error.strerror}", "an INP file") from None
    return parse_inp(text, str(path))


def parse_inp(text: str, where: str) -> Inp:
    """A network from the text of a file."""
    sections = _sections(text.splitlines(), where)
    for needed in (JUNCTIONS, PIPES):
        if needed not in sections:
            raise InputError(where, f"no section [{needed}]", "an EPANET input file")
    nodes = _rows(sections.pop(JUNCTIONS), f"{where} [{JUNCTIONS}]", (2, 4))
    pipes = _rows(sections.pop(PIPES), f"{where} [{PIPES}]", (6, 8))
    numbers = [[_number(row, at, f"{where}: pipe {row[0]}") for row in pipes] for at in (3, 4, 5)]
    shifted = [[*row[:6], "0", row[6]] if len(row) == 7 and not _is_number(row[6]) else row for row in pipes]
    found = Inp(
        junction=_texts(row[0] for row in nodes),
        elevation=np.array([_number(row, 1, f"{where}: junction {row[0]}") for row in nodes]),
        demand=np.array([_number([*row, "0"][:3], 2, f"{where}: junction {row[0]}") for row in nodes]),
        pattern=_texts(row[3] if len(row) > 3 else "" for row in nodes),
        pipe=_texts(row[0] for row in pipes),
        tail=_texts(row[1] for row in pipes),
        head=_texts(row[2] for row in pipes),
        length=np.array(numbers[0]),
        diameter=np.array(numbers[1]),
        roughness=np.array(numbers[2]),
        minor_loss=np.array([_number([*row, "0"][:7], 6, f"{where}: pipe {row[0]}") for row in shifted]),
        status=_texts(row[7] if len(row) > 7 else "Open" for row in shifted),
        sections={name: tuple(lines) for name, lines in sections.items()},
    )
    found.check(where)
    return found


def _sections(lines: Iterable[str], where: str) -> dict[str, list[str]]:
    """Lines that say something, by section; a section may come in parts."""
    sections: dict[str, list[str]] = {}
    here: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        said = line.strip()
        if said.startswith("["):
            here = sections.setdefault(said.strip("[]").upper(), [])
        elif fields_of(line):
            if here is None:
                raise InputError(f"{where}: line {number}", "it stands in no section", "[TITLE] first")
            here.append(line.rstrip())
    return sections


def _rows(lines: list[str], where: str, fields: tuple[int, int]) -> list[list[str]]:
    rows = [fields_of(line) for line in lines]
    for row in rows:
        if not fields[0] <= len(row) <= fields[1]:
            right = f"{fields[0]} to {fields[1]} fields"
            raise InputError(f"{where} {row[0]}", f"{len(row)} fields", right)
    return rows


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _number(row: list[str], at: int, where: str) -> float:
    if not _is_number(row[at]):
        raise InputError(where, f"{row[at]!r} is no number", "a finite number")
    return float(row[at])


def _texts(values: Iterable[str]) -> Texts:
    return np.array(list(values), dtype=np.str_)
