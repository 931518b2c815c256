"""The command line: `twin COMMAND`; exit 0 done, 1 the work failed, 2 bad input."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from twin.cli import (
    adoption,
    assign,
    calibrate,
    coverage,
    influence,
    library,
    live,
    population,
    privacy,
    response,
    results,
    studies,
    territories,
    utilities,
    value,
)
from twin.errors import InputError, TwinError
from twin.machine import end_without_collecting
from twin.version import VERSION

app = typer.Typer(
    name="twin",
    help="An agent-based digital twin of a metropolis and its village.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="First steps: `twin scenarios`, `twin check SCENARIO`, `twin run SCENARIO`, `twin compare BASE "
    "ALT`. Where --out names no folder, results go to one in runs/.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

COMMANDS = (
    ("fetch", territories.fetch),
    ("check", library.check),
    ("population", population.population),
    ("calibrate", calibrate.calibrate),
    ("run", studies.run),
    ("compare", studies.compare),
    ("sweep", studies.sweep),
    ("influence", influence.influence),
    ("adopt", adoption.adopt),
    ("respond", response.respond),
    ("coverage", coverage.coverage),
    ("assign", assign.assign),
    ("utilities", utilities.utilities),
    ("value", value.value),
    ("ingest", live.ingest),
    ("nowcast", live.nowcast),
    ("export", live.export),
    ("sensorthings", live.sensorthings),
    ("report", results.report),
    ("attack", privacy.attack),
    ("publish", privacy.publish),
    ("erase", privacy.erase),
    ("retain", privacy.retain),
    ("parameters", library.parameters),
    ("scenarios", library.scenarios),
    ("runs", results.runs),
)

for _name, _command in COMMANDS:
    app.command(name=_name)(_command)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """An agent-based digital twin of a metropolis and its village."""
    if version:
        sys.stdout.write(f"twin {VERSION}\n")
        raise typer.Exit


def main() -> None:
    """Entry point of the command `twin`."""
    code = run_command(sys.argv[1:])
    end_without_collecting()
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Run one command; what went wrong is one line on standard error and an exit code."""
    try:
        code = app(arguments, prog_name="twin", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except InputError as error:
        return _complain(str(error), 2)
    except TwinError as error:
        return _complain(" ".join(str(error).split()), 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _complain("stopped", 130)
    except MemoryError:
        return _complain("out of memory: a smaller territory or demand_scale needs less", 1)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _complain(f"{name}{error.strerror or error}", 1)
    except Exception as error:
        return _usage(error)


def _usage(error: Exception) -> int:
    """Wrong arguments are bad input; whatever else arrives here is a fault of the program."""
    words = getattr(error, "format_message", None)
    if words is None:
        raise error
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{error}\n")
        return 2
    return _complain(f"{words()} See `twin --help`.", 2)


def _complain(line: str, code: int) -> int:
    sys.stderr.write(" ".join(f"twin: {line}".split()) + "\n")
    return code


if __name__ == "__main__":
    main()
