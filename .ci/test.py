"""Runs the test suite on every Python of 3.11 to 3.13 that is found; the last line printed is pytest's own.

    python3 .ci/test.py [arguments of pytest]

TWIN_TEST_PYTHONS=3.11,3.13 chooses the versions; TWIN_TEST_WORKERS=1 runs one process at a time.
Tests marked `one_interpreter` run on the first of the versions; the others skip them, with the reason.

The first version has all processes for itself, while the environments of the others are made. The others
then share the processes and run side by side: one after the other, each would load the same maps, people and
kernels once for every process. The first of them writes as it goes; what another said is printed behind it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from environment import VERSIONS, SetupError, ensure, folder_of, interpreters, quiet_environment, say


def chosen_versions() -> tuple[str, ...]:
    """Versions asked for, or all that the project supports."""
    asked = os.environ.get("TWIN_TEST_PYTHONS", "").replace(",", " ").split()
    unknown = sorted(set(asked) - set(VERSIONS))
    if unknown:
        raise SetupError(
            f"TWIN_TEST_PYTHONS: {', '.join(unknown)}; right would be some of {', '.join(VERSIONS)}"
        )
    return tuple(version for version in VERSIONS if version in asked or not asked)


def processes() -> int:
    """How many processes run tests at once: as many as there are cores, at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(os.environ.get("TWIN_TEST_WORKERS") or min(cores, 4)))


def workers(count: int) -> list[str]:
    """Share the test files among so many processes."""
    # In their order: files with few tests would come last otherwise, and the longest tests are in such files.
    return ["-n", str(count), "--dist", "loadfile", "--no-loadscope-reorder"] if count > 1 else []


def start(
    python: Path, count: int, arguments: list[str], done_on: str | None
) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the tests on one interpreter, in so many processes."""
    env = {**quiet_environment(), "MPLBACKEND": "Agg"}
    env.pop("TWIN_TEST_DONE_ON", None)
    if done_on is not None:
        env["TWIN_TEST_DONE_ON"] = done_on
    return [str(python), "-m", "pytest", *workers(count), *arguments], env


def side_by_side(pythons: dict[str, Path], count: int, arguments: list[str], done_on: str) -> list[str]:
    """Run the tests on several interpreters at once, each in so many processes; returns those that failed."""
    failed = []
    with ExitStack() as stack:
        running = []
        say("\n=== tests on Python " + ", and beside it on ".join(pythons))
        for version, python in pythons.items():
            said = stack.enter_context(tempfile.TemporaryFile()) if running else None
            command, env = start(python, count, arguments, done_on)
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said and subprocess.STDOUT
            )
            stack.callback(process.kill)  # nothing where it has ended
            running.append((version, process, said))
        for version, process, said in running:
            if said is not None:
                say(f"\n=== tests on Python {version}")
            if process.wait():
                failed.append(version)
            if said is not None:
                said.seek(0)
                sys.stdout.flush()
                shutil.copyfileobj(said, sys.stdout.buffer)
                sys.stdout.buffer.flush()
    return failed


def run(here: dict[str, str], very_first: str, arguments: list[str]) -> list[str]:
    """Run the tests on each interpreter, the first alone; returns those that failed."""

    def made(version: str) -> Path:
        return ensure("dev", version, here[version], folder_of(version, very_first))

    first, *others = here
    failed = []
    command, env = start(made(first), processes(), arguments, None)
    with ThreadPoolExecutor(1) as installer:
        coming = {version: installer.submit(made, version) for version in others}
        say(f"\n=== tests on Python {first}")
        if subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode:
            failed.append(first)
    at_once = min(processes(), len(others))
    for begin in range(0, len(others), max(1, at_once)):
        together = {version: coming[version].result() for version in others[begin : begin + at_once]}
        failed += side_by_side(together, processes() // at_once, arguments, first)
    return failed


def main(arguments: list[str]) -> int:
    """Run the suite on each interpreter; 0 only if all passed."""
    try:
        versions = chosen_versions()
        found = interpreters()
        here = {version: python for version, python in found.items() if version in versions}
        if not here:
            raise SetupError(f"no Python of {', '.join(versions)} was found")
        say("Python " + ", ".join(here) + " found: tests run on each")
        for version in versions:
            if version not in here:
                say(f"Python {version} SKIPPED: not found on the path nor among pyenv's versions")
        failed = run(here, next(iter(found)), arguments)
    except (SetupError, subprocess.CalledProcessError) as error:
        say(f"the tests could not run: {error}")
        return 1
    if failed:
        say(f"tests failed on Python {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
