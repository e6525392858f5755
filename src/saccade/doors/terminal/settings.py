"""The values of the options common to all commands, and the decorators that add them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from saccade.core.ports.decoders import ReportProgress
    from saccade.core.status import IndexReport
    from saccade.engine.context import LibraryContext

F = TypeVar("F", bound=Callable[..., object])


class Opener(Protocol):
    """Opens libraries for the commands; injected by the CLI."""

    def opened(self, path: str | None, *, create: bool) -> "AbstractContextManager[LibraryContext]":
        """The library of a folder, closed when the block ends; see `saccade.open_library`."""

    def find(self, start: str) -> str | None:
        """The nearest folder with a library, at or above `start`; None if there is none."""

    def index(
        self,
        context: "LibraryContext",
        paths: Sequence[str],
        *,
        exclude: Sequence[str] = (),
        files: Sequence[str] = (),
        allow_empty: bool = False,
        progress: "ReportProgress | None",
    ) -> "IndexReport":
        """Bring a library that was opened here up to date; see `saccade.Library.index`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run of the program.

    Attributes:
        opener: opens libraries.
        library: the library, or the folder that has one, as named by --library or SACCADE_LIBRARY.
        debug: whether unexpected errors show their traceback.
    """

    opener: Opener
    library: str | None = None
    debug: bool = False


def _keep_library(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Store the --library of a command where the commands look for it."""
    if value is not None:
        context.obj = replace(context.obj, library=value)


def library_option(function: F) -> F:
    """Accept --library after the command as well as before it."""
    return click.option(
        "--library",
        metavar="DIR",
        expose_value=False,
        callback=_keep_library,
        help="The library to use, or its folder (or set SACCADE_LIBRARY).",
    )(function)


def json_option(function: F) -> F:
    """Accept --json, given to the command as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, for scripts."
    )(function)


def scope_options(function: F) -> F:
    """Accept --where and --in, given to the command as `where` and `folders`."""
    for option in (
        click.option(
            "--in", "folders", multiple=True, metavar="FOLDER", help="Only images below FOLDER; repeatable."
        ),
        click.option(
            "--where",
            multiple=True,
            metavar="FILTER",
            help='Filter, e.g. "taken>=2024-05", camera=Canon, tag=beach, "data.price<20"; repeatable.',
        ),
    ):
        function = option(function)
    return function
