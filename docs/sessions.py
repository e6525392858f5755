"""Run the console sessions of the documentation and put their real output into the pages.

    python docs/sessions.py [PAGE ...]

A session is a console block below the mark `<!-- session -->`, or `<!-- session: COMMAND -->` with a
command that is run first and not shown. Lines that begin with `$ ` are run by a shell; what stood between
them is replaced by what they print. The sessions of a page run one after another in one new folder, which
the page shows as /home/you. They need the photos of scikit-image.
"""
# ruff: noqa: INP001 - a script beside the pages it writes, not a package

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/tutorial.md")
_SESSION = re.compile(r"(<!-- session(?:: (?P<first>.*?))? -->\n```console\n)(?P<lines>.*?)(```)", re.DOTALL)
_PROGRESS = re.compile(r"^[a-z ]+: [\d,]+ of [\d,]+, .*\n", re.MULTILINE)
_HOME = "/home/you"


class Shell:
    """Runs commands one after another in a folder of its own."""

    def __init__(self, home: str) -> None:
        self._home = os.path.realpath(home)
        self._place = self._home
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self._environment = {**os.environ, "PATH": path, "HOME": self._home, "COLUMNS": "100"}

    def run(self, command: str) -> str:
        """What it prints, on either stream, without the progress that a slow machine shows."""
        if command.startswith("cd "):
            self._place = os.path.join(self._place, command[3:])
            return ""
        done = subprocess.run(  # noqa: S602 - our own pages' commands
            command,
            shell=True,
            cwd=self._place,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        printed = _PROGRESS.sub("", done.stdout.replace(self._home, _HOME))
        return printed if printed.endswith("\n") or not printed else printed + "\n"


def renewed(text: str) -> str:
    """The page with every session run again."""
    with tempfile.TemporaryDirectory() as home:
        shell = Shell(home)
        return _SESSION.sub(lambda session: _session(shell, session), text)


def _session(shell: Shell, session: re.Match[str]) -> str:
    if session["first"]:
        shell.run(session["first"])
    lines = []
    for line in session["lines"].splitlines():
        if line.startswith("$ "):
            lines += [line + "\n", shell.run(line[2:])]
    return session[1] + "".join(lines) + session[4]


def main(pages: Sequence[str]) -> None:
    """Renew the pages named, or all that have sessions."""
    for name in pages or PAGES:
        page = ROOT / name
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
