"""`saccade clusters`."""

from typing import TYPE_CHECKING, Literal

import click

from saccade.core.errors import InputError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import harmless, shown_path
from saccade.usecases.clusters.cli.text import say_clusters
from saccade.usecases.clusters.wire import of_clusters

if TYPE_CHECKING:
    from saccade.library import Library


@click.command(short_help="See what the library holds, by theme.")
@click.option(
    "--method",
    type=click.Choice(["auto", "density", "kmeans"]),
    default="auto",
    show_default=True,
    help="density leaves out what fits nowhere; kmeans puts every image into one of k themes.",
)
@click.option("--k", type=int, metavar="N", help="Number of themes, for kmeans.")
@click.option("--min-size", type=int, metavar="N", help="Least images of a theme.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another, other themes."
)
@click.option("--update", is_flag=True, help="Only give new images a theme; move no other.")
@click.option("--by", metavar="COLUMN", help="Which theme does best by an imported number, e.g. clicks.")
@click.option(
    "--confidence", type=float, default=0.95, show_default=True, help="Of the intervals that --by shows."
)
@click.option("--map", "with_map", is_flag=True, help="Lay the library out in the plane (extra `map`).")
@click.option("--new-map", is_flag=True, help="The same from nothing: every image may move.")
@click.option(
    "--rename", nargs=2, metavar="ID NAME", help="Call a stored theme NAME from now on; nothing else."
)
@click.option("--name", metavar="NAME", help="Store as column NAME instead of `theme`.")
@click.option("--dry-run", is_flag=True, help="Show the themes and store nothing.")
@click.option("--html", metavar="FILE", help="Write a page with the themes' pictures (and the map).")
@scope_options
@json_option
@library_option
@click.pass_obj
def clusters(
    session: Session,
    *,
    method: Literal["auto", "density", "kmeans"],
    k: int | None,
    min_size: int | None,
    seed: int,
    update: bool,
    by: str | None,
    confidence: float,
    with_map: bool,
    new_map: bool,
    rename: tuple[str, str] | None,
    name: str | None,
    dry_run: bool,
    html: str | None,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    as_json: bool,
) -> None:
    """Find the themes of a library: each with a name, words, typical images and those that hardly fit.

    No picture is touched. The themes are stored in the library, so that --where "data.theme==NAME" works
    everywhere; a theme that is found again keeps its id and name. Themes of a part (--where, --in) are
    stored only with --name.
    """
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        if rename is not None:
            _rename(library, rename, name, as_json=as_json)
            return
        if by is not None and (dry_run or ((where or folders) and name is None)):
            raise InputError(
                "--by needs stored themes",
                hint="leave out --dry-run, and give a part of the library a --name of its own",
            )
        with progress_shown(quiet=as_json) as progress:
            found = library.clusters(
                method=method,
                k=k,
                min_size=min_size,
                seed=seed,
                update=update,
                name=name,
                store=not dry_run,
                where=list(where),
                folders=folders,
                progress=progress,
            )
            means = None
            if by is not None:
                means = library.theme_means(
                    by, confidence=confidence, name=found.name, where=list(where), folders=folders
                )
            drawn = None
            if with_map or new_map:
                drawn = library.map(
                    anew=new_map, seed=seed, store=not dry_run, name=found.name or "theme", progress=progress
                )
        if html is not None:
            from saccade.usecases.clusters.html import write_clusters

            write_clusters(library, html, found, means, drawn)
        if as_json:
            print_json(of_clusters(found, means, drawn))
        else:
            say_clusters(found, means, drawn)
        if html is not None:
            note(f"page: {shown_path(html)}")


def _rename(library: "Library", rename: tuple[str, str], name: str | None, *, as_json: bool) -> None:
    """Give a stored theme a name of the user's."""
    theme, title = rename
    if not theme.isdecimal():
        raise InputError(f"{theme!r} is no theme's id", hint='e.g. saccade clusters --rename 3 "our beach"')
    library.rename_theme(int(theme), title, name=name or "theme")
    if as_json:
        print_json({"theme": int(theme), "name": " ".join(title.split())})
    else:
        note(f"theme {theme} is called {harmless(title)} from now on")


COMMANDS: tuple[click.Command, ...] = (clusters,)
