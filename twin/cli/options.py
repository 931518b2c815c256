"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (TOML).")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads; default all processors.")]
OutFolder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to.")]
