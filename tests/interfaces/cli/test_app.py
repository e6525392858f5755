"""The program around its commands: mounting, help, completion, and how a run ends."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from unittest.mock import MagicMock

import click
import pytest

import saccade
import saccade.interfaces.cli
from saccade.core.errors import STATUS, MissingExtraError
from saccade.interfaces.cli.app import COMMANDS, app
from tests.helpers.terminal import FakeOpener, Run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_imported(name: str) -> None:
    """Where `COMMANDS` says, under its own name; it explains itself in the list."""
    module, _, function = COMMANDS[name].partition(":")
    command = getattr(import_module(module), function)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.get_short_help_str(limit=100)
    assert app.get_command(click.Context(app), name) is command


def test_commands_are_listed_in_their_order() -> None:
    """The most used first."""
    assert app.list_commands(click.Context(app)) == list(COMMANDS)


def test_an_unknown_command_is_none() -> None:
    """And said to be unknown."""
    assert app.get_command(click.Context(app), "nonsense") is None


def test_search_imports_no_other_slice(tmp_path: Path, make_png: Callable[..., bytes]) -> None:
    """A cold search of a library that is there pays for itself only."""
    (tmp_path / "a.png").write_bytes(make_png())
    environment = os.environ | {"PYTHONPATH": str(Path(saccade.__file__).parents[1])}

    def python(code: str) -> str:
        command = [sys.executable, "-c", f"import sys\nfrom saccade.interfaces.cli import main\n{code}"]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
        )
        return ran.stdout.splitlines()[-1]

    assert python("print(main(['index', '-q']))") == "0"
    loaded = python(
        "status = main(['search', 'a cat'])\n"
        "slices = {name.split('.')[2] for name in sys.modules if name.startswith('saccade.usecases.')}\n"
        "print(status, *sorted(slices))"
    )
    assert loaded == "0 searching"


def test_a_command_whose_extra_is_missing(run: Run, opener: FakeOpener, indexing: MagicMock) -> None:
    """One line, how to install it, and an exit status of its own; nothing is left open."""
    hint = "pip install 'saccade[map]'"
    indexing.status.side_effect = MissingExtraError("a map needs openTSNE", hint=hint)
    ran = run("status")
    assert ran.status == STATUS[MissingExtraError.code].exit
    assert (ran.out, ran.err) == ("", f"saccade: a map needs openTSNE\n  {hint}\n")
    assert opener.closed == 1


def test_the_demo_without_its_photographs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra `demo` is named before anything is made."""
    monkeypatch.setitem(sys.modules, "skimage", None)
    ran = run("demo", "here")
    assert ran.status == STATUS[MissingExtraError.code].exit
    assert "saccade[demo]" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run: Run, shell: str) -> None:
    """One that names our command and the variable that asks it."""
    ran = run("completion", shell)
    assert ran.status == 0
    assert "_SACCADE_COMPLETE" in ran.out


def test_completion_names_the_commands(run: Run) -> None:
    """What a shell asks for while a person types."""
    asked = {"_SACCADE_COMPLETE": "bash_complete", "COMP_WORDS": "saccade dup", "COMP_CWORD": "1"}
    assert "duplicates" in run(environment=asked).out


def test_version(run: Run) -> None:
    """The one of the package."""
    assert run("--version").out == f"saccade {saccade.__version__}\n"


def test_every_command_explains_itself(run: Run) -> None:
    """--help works for all of them and fits 100 columns."""
    for command in COMMANDS:
        ran = run(command, "--help")
        assert ran.status == 0
        assert max(map(len, ran.out.splitlines())) <= 100
    listed = run("--help").out
    assert all(f"\n  {command} " in listed for command in COMMANDS)


def test_ctrl_c_says_that_nothing_is_lost(run: Run, opener: FakeOpener, indexing: MagicMock) -> None:
    """Exit 130, the library closed, no traceback."""
    indexing.status.side_effect = KeyboardInterrupt()
    ran = run("status")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "stopped; nothing is lost, the same command resumes\n"
    assert opener.closed == 1


@pytest.mark.usefixtures("opener")
def test_a_closed_pipe_is_quiet(run: Run, indexing: MagicMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """`| head` is no error."""
    closed: list[int] = []
    monkeypatch.setattr(saccade.interfaces.cli, "_silence", lambda: closed.append(1))
    indexing.status.side_effect = BrokenPipeError()
    ran = run("status")
    assert (ran.status, ran.err, closed) == (141, "", [1])


@pytest.mark.parametrize(
    "args", [["nonsense"], ["search", "--nonsense"], ["index", "-k", "3"], ["search", "-k", "many", "x"]]
)
def test_a_usage_error_exits_2(run: Run, opener: FakeOpener, args: list[str]) -> None:
    """Said on stderr, before any library is opened."""
    ran = run(*args)
    assert (ran.status, ran.out, opener.asked) == (2, "", [])
    assert "Error:" in ran.err
