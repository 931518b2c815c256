"""Networks of EPANET's file format: those that wntr ships, and a small one of one's own."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from twin.utilities.water.inp import Inp, parse_inp

NETWORKS = ("Net1", "Net3", "ky10")
SMALL = """[TITLE]
[JUNCTIONS]
a 10 1
b 10 2 p
[RESERVOIRS]
r 50
[PIPES]
1 r a 100 200 130 0 Open
2 a b 100 200 130
[PATTERNS]
p 1 2
[OPTIONS]
UNITS LPS
"""


def file_of(name: str) -> Path:
    """A network among wntr's files; wntr itself is never imported."""
    spec = find_spec("wntr")
    if spec is None or spec.origin is None:
        pytest.skip("wntr, which ships the networks, is not installed")
    return Path(spec.origin).parent / "library" / "networks" / f"{name}.inp"


def text_of(name: str) -> str:
    """The file, over a day where it only has a moment."""
    text = file_of(name).read_text(encoding="utf-8", errors="replace")
    return re.sub(r"(?im)^(\s*duration\s+)0(:00)*\s*$", r"\g<1>24:00", text)


def network_of(name: str) -> Inp:
    return parse_inp(text_of(name), name)
