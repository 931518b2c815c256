"""Runs the test suite on every Python of 3.11 to 3.13 that is found; the last line printed is pytest's own.

    python3 .ci/test.py [arguments of pytest]

TWIN_TEST_PYTHONS=3.11,3.13 chooses the versions; TWIN_TEST_WORKERS=1 runs the tests in one process.
Tests marked `one_interpreter` run on the first of the versions; the others skip them, with the reason.
"""

from __future__ import annotations

import os
import subprocess
import sys

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


def workers() -> list[str]:
    """Share the test files among processes, as many as there are cores, at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = int(os.environ.get("TWIN_TEST_WORKERS") or min(cores, 4))
    # In their order: files with few tests would come last otherwise, and the longest tests are in such files.
    return ["-n", str(count), "--dist", "loadfile", "--no-loadscope-reorder"] if count > 1 else []


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
        failed = []
        first = next(iter(here))
        for version, python in here.items():
            inside = ensure("dev", version, python, folder_of(version, next(iter(found))))
            say(f"\n=== tests on Python {version}")
            command = [str(inside), "-m", "pytest", *workers(), *arguments]
            env = {**quiet_environment(), "MPLBACKEND": "Agg"}
            env.pop("TWIN_TEST_DONE_ON", None)
            if version != first:
                env["TWIN_TEST_DONE_ON"] = first
            if subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode:
                failed.append(version)
    except (SetupError, subprocess.CalledProcessError) as error:
        say(f"the tests could not run: {error}")
        return 1
    if failed:
        say(f"tests failed on Python {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
