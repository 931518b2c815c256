"""Rebuild the embedded territories bit for bit: ``python networks/rebuild.py [MAP_FILE]``.

The map is ``test/data/monaco.osm.pbf`` of the source distribution osrm-bindings 26.10.0, fetched by
pip; a local copy of the map can be given instead. Either is used only if its SHA-256 is right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

from twin.errors import InputError, TwinError
from twin.scenario.selectors import LinkSelector
from twin.territory.fetch import fetch_local
from twin.territory.select import select_links
from twin.territory.territory import Territory

HERE = Path(__file__).resolve().parent
NAME = "osrm-bindings"
PACKAGE = f"{NAME}==26.10.0"
MEMBER = "test/data/monaco.osm.pbf"
SHA256 = "36c0f0029ed838897322382611b67e8e5e7bcb07d5b17a25f3574dec54f1c23c"
LA_TURBIE_BOX = (7.385, 43.738, 7.408, 43.752)
VILLAGE_LINKS = HERE.parent / "scenarios" / "village_links.csv"
VILLAGE_STREETS = LinkSelector(ref=("D 2564", "D 2204 A"), commune="La Turbie")


def download_map(folder: Path) -> Path:
    """Fetch the source distribution with pip and take the map out of it."""
    # an environment made without pip borrows that of the interpreter it was made from
    python = sys.executable if find_spec("pip") else str(Path(sys.base_prefix, "bin", "python3"))
    command = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", NAME]
    subprocess.run([*command, "--dest", str(folder), PACKAGE], check=True)  # noqa: S603 (fixed words)
    archive = next(folder.glob("osrm*bindings-*.tar.gz"))
    with tarfile.open(archive) as packed:
        name = next(name for name in packed.getnames() if name.endswith("/" + MEMBER))
        source = packed.extractfile(name)
        if source is None:
            raise InputError(archive.name, f"{MEMBER} is no file", PACKAGE)
        target = folder / Path(MEMBER).name
        target.write_bytes(source.read())
    return target


def check_map(file: Path) -> None:
    """Refuse a map other than the one the territories are built from."""
    if not file.is_file():
        raise InputError(str(file), "no such file", MEMBER)
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256:
        raise InputError(str(file), f"SHA-256 is {found[:12]}", f"{SHA256[:12]}, {MEMBER} of {PACKAGE}")


def rebuild(file: Path, networks: Path = HERE, village_links: Path = VILLAGE_LINKS) -> dict[str, str]:
    """Build every embedded territory and the list of village links; digests by territory."""
    check_map(file)
    digests = {
        "riviera": fetch_local(file, networks / "riviera")["digest"],
        "la_turbie_crop": fetch_local(file, networks / "la_turbie_crop", bbox=LA_TURBIE_BOX)["digest"],
    }
    village_links.write_text(village_links_csv(Territory.load(networks / "riviera")), encoding="utf-8")
    return digests


def village_links_csv(riviera: Territory) -> str:
    """Ids of the links of the D2564 and the D2204A inside the commune of La Turbie, one a line."""
    rows = select_links(VILLAGE_STREETS, riviera.streets, riviera.zones)
    ids = sorted(riviera.streets.link_id[rows].tolist())
    return "\n".join(["link_id", *ids]) + "\n"


def main() -> int:
    """Rebuild from the given map, or from the one that pip fetches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("map", nargs="?", type=Path, help="a local monaco.osm.pbf instead of the download")
    given = parser.parse_args().map
    try:
        with tempfile.TemporaryDirectory() as folder:
            digests = rebuild(given or download_map(Path(folder)))
        sys.stdout.write(json.dumps(digests, indent=1) + "\n")
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"pip could not fetch {PACKAGE} (exit {error.returncode})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
