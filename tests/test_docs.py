"""Documentation is executed: every Python example runs, every command shown exists with the options used."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.interfaces.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(saccade [^`\n]+)`")
_SHELLS = {"", "sh", "bash", "console", "text", "shell"}
_PLACEHOLDER = re.compile(r"\[.*|\.\.\.|…|[|<>].*")


def blocks(page: Path) -> Iterator[tuple[int, str, str]]:
    """(line, language, content) of each fenced block of a page."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        indent = match[1]
        lines = [line.removeprefix(indent) for line in match[3].splitlines()]
        yield text[: match.start()].count("\n") + 1, match[2], "\n".join(lines)


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """(where, command line) of each `saccade ...` shown."""
    for line, language, content in blocks(page):
        if language in _SHELLS:
            joined = content.replace("\\\n", " ")
            for text in joined.splitlines():
                plain = text.strip().removeprefix("$ ")
                if plain.startswith("saccade "):
                    yield f"{page.name}:{line}", plain
    for match in _INLINE.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        yield page.name, match[1]


PYTHON = [
    pytest.param(page, content, id=f"{page.relative_to(ROOT)}:{line}")
    for page in PAGES
    for line, language, content in blocks(page)
    if language == "python"
]
COMMANDS = sorted({(where, command) for page in PAGES for where, command in commands(page)})


def words_of(command: str) -> list[str]:
    """The words after `saccade`, up to a comment, a pipe or a redirection."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = []
    for word in lexer:
        if set(word) <= set("|&;<>"):
            break
        words.append(word)
    return words[1:]


def problem(command: str) -> str:
    """Why the command could not be meant for this program; empty if it could."""
    try:
        words = words_of(command)
    except ValueError as error:
        return f"it cannot be read by a shell: {error}"
    known: click.Command = app
    options = {name for parameter in app.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if isinstance(known, click.Group) and not word.startswith("-"):
            found = known.get_command(click.Context(known), word)
            if found is None:
                return (
                    "" if _PLACEHOLDER.fullmatch(word) or word.isupper() else f"there is no command {word!r}"
                )
            known = found
            options |= {name for one in known.params for name in (*one.opts, *one.secondary_opts)}
        elif word.startswith("-") and word != "-" and not word.lstrip("-")[:1].isdigit():
            name = word.split("=")[0]
            if name not in options | {"--help", "-h", "--version"}:
                return f"there is no option {name!r}"
    return ""


@pytest.mark.parametrize(("where", "command"), COMMANDS, ids=[where for where, _ in COMMANDS])
def test_a_command_shown_exists_with_the_options_used(where: str, command: str) -> None:
    """Of the program as it is."""
    assert problem(command) == ""


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("saccade index ~/Pictures --exclude '*.gif'", False),
        ('saccade search "a dog" -k 5 --json | head', False),
        ("saccade serch x", True),
        ("saccade search x --nearest", True),
        ("saccade search 'x", True),
    ],
)
def test_the_check_of_commands_can_fail(command: str, *, wrong: bool) -> None:
    """It tells right from wrong."""
    assert bool(problem(command)) is wrong


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the examples imagine it: photos (indexed), some pictures beside."""
    home = tmp_path_factory.mktemp("docs")
    rng = np.random.default_rng(1)
    for name in ("photos/dog.jpg", "photos/beach.jpg", "photos/trip/cat.jpg", "cat.jpg", "photo.jpg"):
        place = home / name
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.kron(rng.integers(0, 256, (6, 8, 3)), np.ones((20, 20, 1)))
        Image.fromarray(pixels.astype(np.uint8)).save(place)
    with saccade.open_library(home / "photos") as library:
        library.index(home / "photos")
    return home


@pytest.mark.parametrize(("page", "code"), PYTHON)
def test_a_python_example_runs(
    page: Path, code: str, stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder with a small library; names that the page explains in words are there."""
    home = Path(shutil.copytree(stage, tmp_path / "stage"))
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    picture = Image.open("cat.jpg")
    with saccade.open_library("photos") as library:
        names: dict[str, object] = {
            "saccade": saccade, "np": np, "lib": library, "library": library,
            "array": np.asarray(picture), "pil_image": picture, "enc": saccade.load_encoder(),
        }  # fmt: skip
        exec(compile(code, os.fspath(page), "exec"), names)


def test_pages_were_found() -> None:
    """The README is there, and the checks above have something to check."""
    assert PAGES[0].is_file()
    assert PYTHON or not any("```python" in page.read_text(encoding="utf-8") for page in PAGES)
    assert COMMANDS
