"""The locks: every package by hash, no address in them, and on every Python what the project asks for."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PYTHONS = ("3.11", "3.12", "3.13")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def entries(lock: str) -> list[tuple[Requirement, int]]:
    """Each pin of a lock with its number of hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^(\S.*?==.*?)((?:\s*\\\n    --hash=sha256:[0-9a-f]{64})*)$", text, re.MULTILINE)
    return [(Requirement(pin), hashes.count("--hash")) for pin, hashes in pins]


def where_of(python: str, system: str) -> dict[str, str]:
    """An environment for markers."""
    return {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system}


def pinned(lock: str, python: str, system: str) -> dict[str, str]:
    """Version of each package that the lock gives on that Python and system."""
    where = where_of(python, system)
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin, _ in entries(lock)
        if pin.marker is None or pin.marker.evaluate(where)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_line_names_an_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find-links|--extra-index|@ ", text)
    assert all(line.startswith((" ", "#")) or "==" in line for line in text.splitlines())
    counts = {str(pin): n_hashes for pin, n_hashes in entries(lock)}
    assert len(counts) == sum("==" in line for line in text.splitlines())
    assert [pin for pin, n_hashes in counts.items() if n_hashes == 0] == []


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_the_locks_satisfy_the_project(python, system):
    base, dev = (pinned(lock, python, system) for lock in LOCKS)
    extras = PROJECT["project"]["optional-dependencies"]
    needs = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
    for lock, asked in ((base, needs), (dev, needs + extras["test"] + extras["dev"])):
        for requirement in map(Requirement, asked):
            if requirement.marker is not None and not requirement.marker.evaluate(where_of(python, system)):
                continue
            assert requirement.specifier.contains(lock[canonicalize_name(requirement.name)])
    assert base.items() <= dev.items()


def test_mesa_is_the_newest_that_each_python_can_have():
    versions = {python: pinned("requirements.lock", python, "linux")["mesa"] for python in PYTHONS}
    assert versions["3.11"] == "3.3.1"
    assert versions["3.12"] == versions["3.13"]
    assert Version(versions["3.12"]) >= Version("3.5.1")
