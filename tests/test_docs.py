"""What is written is run: examples in docstrings, Python blocks in pages, commands shown to a reader."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "twin").rglob("*.py"))
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def blocks(language: str) -> list[tuple[str, str]]:
    """Each fenced block of that language, with its page and line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            if match[1] == language:
                found.append(
                    (f"{page.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}", match[2])
                )
    return found


def shown_commands() -> list[tuple[str, list[str]]]:
    """Every ``twin`` command in a shell block, continued lines joined, comments left out."""
    lines = [(where, line) for where, text in blocks("sh") for line in text.replace("\\\n", " ").splitlines()]
    words = [(where, shlex.split(line, comments=True)) for where, line in lines]
    return [(where, line[1:]) for where, line in words if line and line[0].rpartition("/")[2] == "twin"]


def shown_targets() -> list[tuple[str, str]]:
    """Every ``make`` target in a shell block."""
    return [
        (where, target)
        for where, text in blocks("sh")
        for target in re.findall(r"^make ([\w-]+)", text, re.M)
    ]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize(("where", "code"), [pytest.param(*block, id=block[0]) for block in blocks("python")])
def test_python_blocks_run(where, code, tmp_path, monkeypatch):
    """Each block runs by itself, in a folder that sees the project's scenarios and networks."""
    for folder in ("scenarios", "networks"):
        Path(tmp_path, folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, where, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    ("where", "arguments"), [pytest.param(*shown, id=" ".join(shown[1][:2])) for shown in shown_commands()]
)
def test_shown_commands_are_understood(where, arguments, monkeypatch):
    """The command line takes each command shown, with its options, and the scenarios it names are there."""
    import typer.main

    from twin.cli.main import app

    monkeypatch.chdir(ROOT)
    group = typer.main.get_command(app)
    if arguments[0].startswith("-"):
        known = {option for parameter in group.params for option in parameter.opts}
        assert arguments[0] in known | {"--help"}, where
        return
    command = group.commands[arguments[0]]
    command.make_context(arguments[0], list(arguments[1:]))
    missing = [word for word in arguments if word.startswith("scenarios/") and not Path(word).exists()]
    assert missing == [], where


def test_shown_targets_are_in_the_makefile():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = shown_targets()
    assert {"demo", "test"} <= {target for _, target in shown}
    assert [(where, target) for where, target in shown if target not in targets] == []


def test_links_between_pages_lead_somewhere():
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not Path(os.path.normpath(page.parent / target)).exists()
    ]
    assert missing == []


def test_the_architecture_names_every_room():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in sorted((ROOT / "twin").glob("*/__init__.py"))]
    assert [room for room in rooms if f"`{room}/`" not in text] == []
