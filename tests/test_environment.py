"""How the interpreters are found and the locks are read, with interpreters that are shell scripts."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture
def environment(monkeypatch) -> ModuleType:
    """The script that makes the environments, as a module that sees no interpreter but those a test lays."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    return module


def lay(file: Path, script: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def answering(version: str, name: str = "cpython", no_gil: str = "0") -> str:
    return f"echo '{version}|{name}|{no_gil}|/real/python{version}'"


def test_a_shim_that_does_not_run_gives_way_to_the_version_behind_it(environment, tmp_path, monkeypatch):
    lay(tmp_path / "pyenv/shims/python3.12", "echo 'not among the global versions' >&2; exit 127")
    lay(tmp_path / "pyenv/versions/3.12.9/bin/python3.12", answering("3.12"))
    lay(tmp_path / "pyenv/versions/3.12.10/bin/python3.12", answering("3.12").replace("/real", "/newest"))
    monkeypatch.setenv("PATH", str(tmp_path / "pyenv/shims"))
    assert environment.interpreters() == {"3.12": "/newest/python3.12"}


def test_only_ordinary_interpreters_of_the_right_version_count(environment, tmp_path, monkeypatch):
    lay(tmp_path / "a/python3.11", answering("3.11", name="pypy"))
    lay(tmp_path / "a/python3.12", answering("3.10"))
    lay(tmp_path / "a/python3.13", answering("3.13", no_gil="1"))
    lay(tmp_path / "b/python3", answering("3.13"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    assert environment.interpreters() == {"3.13": "/real/python3.13"}


def test_the_first_found_gets_the_plain_folder(environment):
    assert environment.folder_of("3.11", "3.11").name == ".venv"
    assert environment.folder_of("3.12", "3.11").name == ".venv-3.12"


def test_the_installer_is_taken_from_the_lock_with_its_hashes(environment):
    lines = environment.locked_line(ROOT / "requirements.lock", "uv").splitlines()
    assert lines[0].startswith("uv==")
    assert len(lines) > 1
    assert all("--hash=sha256:" in line for line in lines[1:])
    with pytest.raises(environment.SetupError, match="no nothing in it"):
        environment.locked_line(ROOT / "requirements.lock", "nothing")


def test_an_environment_up_to_date_is_left_alone_and_a_changed_lock_is_noticed(
    environment, tmp_path, monkeypatch
):
    locks = {name: tmp_path / f"{name}.lock" for name in ("base", "dev")}
    for name, lock in locks.items():
        lock.write_text(name)
    installed: list[str] = []

    def make_venv(folder, python):
        lay(folder / "bin/python", answering("3.11"))
        return ["pip"]

    monkeypatch.setattr(environment, "LOCKS", locks)
    monkeypatch.setattr(environment, "make_venv", make_venv)
    monkeypatch.setattr(environment, "install", lambda folder, pip, lock: installed.append(lock.name))
    folder = tmp_path / "venv"
    for kind in ("base", "base", "dev", "base", "dev"):
        assert environment.ensure(kind, "3.11", "python", folder) == folder / "bin/python"
    assert installed == ["base.lock", "dev.lock"]
    locks["base"].write_text("newer")
    environment.ensure("base", "3.11", "python", folder)
    assert installed[2:] == ["dev.lock"]


@pytest.fixture
def runner(environment, monkeypatch, tmp_path) -> ModuleType:
    """The script that runs the tests, which finds three interpreters whose environments stand."""
    monkeypatch.setitem(sys.modules, "environment", environment)
    spec = importlib.util.spec_from_file_location("ci_test", ROOT / ".ci" / "test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("TWIN_TEST_PYTHONS", raising=False)
    monkeypatch.setenv("TWIN_TEST_DONE_ON", "a leftover")
    pythons = {f"3.{minor}": str(tmp_path / f"python3.{minor}") for minor in (11, 12, 13)}
    monkeypatch.setattr(module, "interpreters", lambda: pythons)
    monkeypatch.setattr(module, "ensure", lambda kind, version, python, folder: Path(python))
    return module


def lay_tests(tmp_path: Path, version: str, code: int = 0, first: str = "") -> None:
    """An interpreter that tells its version, on what tests were done, and pytest's arguments."""
    said = f'echo said on {version}, done on "${{TWIN_TEST_DONE_ON-nothing}}": "$*"'
    lay(tmp_path / f"python{version}", f"{first}\n{said}\nexit {code}")


@pytest.mark.parametrize(
    ("processes", "first", "later"),
    [
        ("1", "", ""),
        ("2", "-n 2 --dist loadfile --no-loadscope-reorder ", ""),
        ("4", "-n 4 --dist loadfile --no-loadscope-reorder ", "-n 2 --dist loadfile --no-loadscope-reorder "),
    ],
)
def test_later_interpreters_know_on_which_what_need_run_once_was_run(
    runner, tmp_path, monkeypatch, capfd, processes, first, later
):
    for version in ("3.11", "3.12", "3.13"):
        lay_tests(tmp_path, version)
    monkeypatch.setenv("TWIN_TEST_WORKERS", processes)
    assert runner.main(["-x"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        f"said on 3.11, done on nothing: -m pytest {first}-x",
        f"said on 3.12, done on 3.11: -m pytest {later}-x",
        f"said on 3.13, done on 3.11: -m pytest {later}-x",
    ]


def test_later_interpreters_run_side_by_side_and_speak_in_their_order(runner, tmp_path, monkeypatch, capfd):
    """The second waits for the third to have begun, so it would wait for good if they ran in turn."""
    lay_tests(tmp_path, "3.11")
    lay_tests(tmp_path, "3.12", first=f"until [ -e {tmp_path}/begun ]; do sleep 0.01; done")
    lay_tests(tmp_path, "3.13", first=f"touch {tmp_path}/begun; echo a warning >&2")
    monkeypatch.setenv("TWIN_TEST_WORKERS", "2")
    assert runner.main([]) == 0
    out, error = capfd.readouterr()
    lines = [line.split(",")[0] for line in out.splitlines()]
    assert lines == ["said on 3.11", "said on 3.12", "a warning", "said on 3.13"]
    assert "=== tests on Python 3.12" in error.replace("\n", "")


@pytest.mark.parametrize("failing", ["3.11", "3.12", "3.13"])
def test_one_interpreter_that_fails_is_told_and_the_others_run(runner, tmp_path, monkeypatch, capfd, failing):
    for version in ("3.11", "3.12", "3.13"):
        lay_tests(tmp_path, version, code=3 if version == failing else 0)
    monkeypatch.setenv("TWIN_TEST_WORKERS", "2")
    assert runner.main([]) == 1
    out, error = capfd.readouterr()
    assert [line.split(",")[0] for line in out.splitlines()] == [f"said on 3.{n}" for n in (11, 12, 13)]
    assert error.splitlines()[-1] == f"tests failed on Python {failing}"


def test_an_environment_that_cannot_be_made_is_a_failure(runner, tmp_path, monkeypatch, capfd):
    lay_tests(tmp_path, "3.11")

    def ensure(kind, version, python, folder):
        if version == "3.13":
            raise runner.SetupError("no room")
        return Path(python)

    monkeypatch.setattr(runner, "ensure", ensure)
    assert runner.main([]) == 1
    out, error = capfd.readouterr()
    assert out.startswith("said on 3.11, done on nothing")
    assert error.endswith("the tests could not run: no room\n")
