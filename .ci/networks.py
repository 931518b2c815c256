"""Rebuilds the embedded territories from the published extract, and says whether a bit has changed.

    python3 .ci/networks.py [NAME ...]

The extract is a test file of an old release on the package index, so that anyone can get it again; it is
taken from TWIN_TEST_DATA where it lies there. OpenStreetMap data, (c) OpenStreetMap contributors, ODbL 1.0.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ("osrm-bindings", "26.10.0")
MEMBER = "test/data/monaco.osm.pbf"
SHA256 = "36c0f0029ed838897322382611b67e8e5e7bcb07d5b17a25f3574dec54f1c23c"
TERRITORIES: dict[str, list[str]] = {
    "riviera": [],
    "la_turbie_crop": ["--bbox", "7.385,43.738,7.408,43.752"],
}


def checked(content: bytes, where: str) -> bytes:
    """The extract's bytes, if they are the ones expected."""
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise SystemExit(f"{where}: not the extract expected; right would be sha256 {SHA256}")
    return content


def extract() -> bytes:
    """The extract, from the test data beside the checkout or else from the package index."""
    beside = Path(
        os.environ.get("TWIN_TEST_DATA") or ROOT.parent / "shared" / "data", "osm", "monaco.osm.pbf"
    )
    if beside.is_file():
        return checked(beside.read_bytes(), str(beside))
    name, version = PACKAGE
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name]
        subprocess.run([*pip, "--dest", folder, f"{name}=={version}"], check=True, stdout=sys.stderr)
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            (member,) = (entry for entry in tar.getmembers() if entry.name.endswith("/" + MEMBER))
            held = tar.extractfile(member)
            return checked(held.read() if held else b"", f"{archive.name}: {member.name}")


def contents(folder: Path) -> dict[str, str]:
    """Digest of every file of a folder, by its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main(names: list[str]) -> int:
    """Rebuild the territories named, or all."""
    unknown = sorted(set(names) - set(TERRITORIES))
    if unknown:
        print(
            f"no territory {', '.join(unknown)}; right would be some of {', '.join(TERRITORIES)}",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, Path(MEMBER).name)
        file.write_bytes(extract())
        for name in names or TERRITORIES:
            folder = ROOT / "networks" / name
            before = contents(folder)
            command = [sys.executable, "-m", "twin.cli.main", "fetch", str(file), "--out", str(folder)]
            zones = folder / "zones.toml"
            with_zones = ["--zones", str(zones)] if zones.is_file() else []
            subprocess.run([*command, *TERRITORIES[name], *with_zones], check=True, cwd=ROOT)
            after = contents(folder)
            changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
            print(f"{name}: " + (f"changed: {', '.join(changed)}" if changed else "rebuilt bit for bit"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
