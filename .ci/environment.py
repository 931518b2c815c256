"""Makes the virtual environments: finds the interpreters, installs the locked packages byte-compiled.

    python3 .ci/environment.py base     what the twin needs, in .venv
    python3 .ci/environment.py dev      and what tests and lint need

Standard library only, any Python from 3.9. A second call with nothing changed takes a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
LOCKS = {"base": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
STAMP = "twin-installed.json"
_PROBE = (
    "import sys, sysconfig; print('%d.%d' % sys.version_info[:2], sys.implementation.name, "
    "sysconfig.get_config_var('Py_GIL_DISABLED') or 0, "
    "getattr(sys, '_base_executable', sys.executable), sep='|')"
)


class SetupError(Exception):
    """An environment cannot be made; the message says what would help."""


def say(text: str) -> None:
    """Progress goes to standard error: standard output belongs to the commands."""
    print(text, file=sys.stderr, flush=True)


def quiet_environment() -> dict[str, str]:
    """The environment for child processes: nothing of another Python, byte code written, pip as configured.

    A constraint file of the machine can only contradict a lock that already names every version by its hash,
    so it is set aside; indexes, mirrors, certificates and find-links stay.
    """
    env = {key: value for key, value in os.environ.items() if key not in _OTHER_PYTHON}
    env.update(UV_PYTHON_DOWNLOADS="never", PIP_USER="0", PIP_CONSTRAINT=os.devnull)
    env.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    return env


_OTHER_PYTHON = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
    "UV_PROJECT_ENVIRONMENT",
)


# ------------------------------------------------------------------------------------- interpreters


def probe(python: str | Path) -> tuple[str, str] | None:
    """Version and real path of an interpreter that runs and is an ordinary CPython; else nothing."""
    try:
        done = subprocess.run(
            [str(python), "-c", _PROBE],
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
            env=quiet_environment(),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, name, no_gil, path = ([*done.stdout.strip().split("|"), "", "", ""])[:4]
    if done.returncode or name != "cpython" or no_gil != "0":
        return None
    return version, path


def candidates(version: str) -> list[Path]:
    """Where such an interpreter may lie: on the path, then among pyenv's versions, newest first."""
    on_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    found = [folder / name for name in (f"python{version}", "python3") for folder in on_path]
    pyenvs = [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")]
    pyenvs += [folder.parent for folder in on_path if folder.name == "shims"]
    for pyenv in dict.fromkeys(pyenvs):
        releases = (pyenv / "versions").glob(f"{version}.*")
        newest_first = sorted(
            releases, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)], reverse=True
        )
        found += [release / "bin" / f"python{version}" for release in newest_first]
    return [Path(sys.executable), *found]


def interpreters(versions: tuple[str, ...] = VERSIONS) -> dict[str, str]:
    """Interpreters found, by version in ascending order."""
    found = {}
    for version in versions:
        for candidate in dict.fromkeys(candidates(version)):
            seen = probe(candidate) if candidate.exists() else None
            if seen and seen[0] == version:
                found[version] = seen[1]
                break
    return found


# ------------------------------------------------------------------------------------- installation


def run(command: list[str], env: dict[str, str]) -> None:
    """Run a step with its output on standard error; `CalledProcessError` if it fails."""
    subprocess.run(command, check=True, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def make_venv(folder: Path, python: str) -> list[str]:
    """A fresh virtual environment; returns the command that is its pip.

    Debian without python3-venv has the module but not the pip that it would put inside: then the system's
    own pip is pointed at the environment; failing that, root installs the package.
    """
    inside = str(folder / "bin" / "python")
    env = quiet_environment()
    for attempt in ("with pip", "pip from outside", "python3-venv"):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            if attempt == "pip from outside":
                run([python, "-m", "pip", "--python", python, "--version"], env)
                run([python, "-m", "venv", "--without-pip", str(folder)], env)
                return [python, "-m", "pip", "--python", inside]
            if attempt == "python3-venv":
                if os.geteuid() != 0 or not shutil.which("apt-get"):
                    break
                run(["apt-get", "update"], env)
                run(["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"], env)
            run([python, "-m", "venv", str(folder)], env)
            return [inside, "-m", "pip"]
        except (subprocess.CalledProcessError, OSError) as error:
            say(f"making {folder.name} ({attempt}) failed: {error}")
    shutil.rmtree(folder, ignore_errors=True)
    raise SetupError(f"no virtual environment can be made with {python}; install python3-venv and repeat")


def locked_line(lock: Path, package: str) -> str:
    """The lines of one package in a lock, hashes included."""
    found = re.search(
        rf"^{package}==.*?(?=^\S|\Z)", lock.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    if not found:
        raise SetupError(f"{lock.name}: no {package} in it; make lock writes it")
    return found[0]


def uv_settings(pip: list[str], env: dict[str, str]) -> dict[str, str]:
    """What uv should know of pip's configuration, which it does not read: the index and the certificates."""
    listed = subprocess.run(
        [*pip, "config", "list"], capture_output=True, text=True, env=env, check=False
    ).stdout
    settings = dict(re.findall(r"^(?:global|install|:env:)\.(index-url|cert)='(.*)'$", listed, re.MULTILINE))
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    return {names[key]: value for key, value in settings.items() if names[key] not in env}


def install(folder: Path, pip: list[str], lock: Path) -> None:
    """Install what the lock names and the project itself: by uv, and by pip where uv cannot."""
    env = quiet_environment()
    inside = str(folder / "bin" / "python")
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            only_uv = Path(scratch, "uv.txt")
            only_uv.write_text(locked_line(lock, "uv"), encoding="utf-8")
            run([*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(only_uv)], env)
        uv = [str(folder / "bin" / "uv"), "pip"]
        uv_env = {**env, **uv_settings(pip, env)}
        run(
            [*uv, "sync", *quiet, "--python", inside, "--require-hashes", "--compile-bytecode", str(lock)],
            uv_env,
        )
        own = [
            "install",
            *quiet,
            "--python",
            inside,
            "--no-deps",
            "--no-build-isolation",
            "--editable",
            str(ROOT),
        ]
        run([*uv, *own], uv_env)
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"uv did not finish ({error}); pip goes on, more slowly")
        run([*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(lock)], env)
        run([*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], env)


# ------------------------------------------------------------------------------------- one environment


def digest(path: Path) -> str:
    """Digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stamped(folder: Path) -> dict[str, str]:
    """What was installed there, or nothing if that cannot be told."""
    try:
        return dict(json.loads((folder / STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def ensure(kind: str, version: str, python: str, folder: Path) -> Path:
    """An environment that holds what the lock says; made, completed or left as it is. Returns its python."""
    wanted = {name: digest(lock) for name, lock in LOCKS.items() if name == "base" or kind == "dev"}
    wanted.update(version=version, root=str(ROOT), project=digest(ROOT / "pyproject.toml"))
    inside = folder / "bin" / "python"
    have = stamped(folder)
    usable = have.get("root") == str(ROOT) and (probe(inside) or ("", ""))[0] == version
    if usable and all(have.get(key) == value for key, value in wanted.items()):
        return inside
    if have.get("dev") == digest(LOCKS["dev"]):
        wanted["dev"], kind = have["dev"], "dev"  # what tests need stays there when only the project changed
    started = time.monotonic()
    say(f"installing {LOCKS[kind].name} into {folder.name} with Python {version} ({python})")
    pip = [str(inside), "-m", "pip"] if usable and has_pip(inside) else make_venv(folder, python)
    (folder / STAMP).unlink(missing_ok=True)
    install(folder, pip, LOCKS[kind])
    (folder / STAMP).write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    say(f"{folder.name} is ready after {time.monotonic() - started:.0f} s")
    return inside


def has_pip(python: Path) -> bool:
    """Whether that interpreter has its own pip."""
    return (
        subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode
        == 0
    )


def folder_of(version: str, first: str) -> Path:
    """`.venv` for the first interpreter found, `.venv-3.12` and so on for the others."""
    return ROOT / (".venv" if version == first else f".venv-{version}")


def main(arguments: list[str]) -> int:
    """Make `.venv` with the first interpreter found."""
    if arguments not in (["base"], ["dev"]):
        say("usage: environment.py base|dev")
        return 2
    found = interpreters()
    if not found:
        say(f"no Python of {', '.join(VERSIONS)} was found; on Debian: apt-get install python3 python3-venv")
        return 1
    version, python = next(iter(found.items()))
    try:
        ensure(arguments[0], version, python, folder_of(version, version))
    except (SetupError, subprocess.CalledProcessError) as error:
        say(f"the environment could not be made: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
