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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saccade.usecases.clusters.api import Clusters


@click.command(short_help="See what the library holds, by cluster.")
@click.option(
    "--method",
    type=click.Choice(["auto", "density", "kmeans"]),
    default="auto",
    show_default=True,
    help="density leaves out images that fit nowhere; kmeans puts every image into one of k clusters.",
)
@click.option("--k", type=int, metavar="N", help="Number of clusters, for kmeans.")
@click.option("--min-size", type=int, metavar="N", help="Minimum images in a cluster.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Random seed; another one gives different clusters.",
)
@click.option("--update", is_flag=True, help="Only assign new images to clusters; move no others.")
@click.option("--by", metavar="FIELD", help="Which cluster does best by an imported number, e.g. clicks.")
@click.option(
    "--confidence",
    type=float,
    default=0.95,
    show_default=True,
    help="Confidence level of the intervals that --by shows.",
)
@click.option("--map", "with_map", is_flag=True, help="Lay out the library in two dimensions (extra `map`).")
@click.option("--new-map", is_flag=True, help="Rebuild the map from scratch: every image may move.")
@click.option("--rename", nargs=2, metavar="ID NAME", help="Rename a stored cluster; do nothing else.")
@click.option("--name", metavar="NAME", help="Store as field NAME instead of `cluster`.")
@click.option("--dry-run", is_flag=True, help="Show the clusters and store nothing.")
@click.option("--html", metavar="FILE", help="Write a page with the clusters' pictures (and the map).")
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
    """Group a library's images into clusters, each with a name, words, and typical and unusual images.

    Pictures are never changed. The clusters are stored in the library, so that --where "data.cluster==NAME"
    works everywhere; a cluster that is found again keeps its id and name. Clusters of part of the library
    (--where, --in) are stored only with --name.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        if by is not None and (dry_run or ((where or folders) and name is None)):
            raise InputError(
                "--by needs stored clusters",
                hint="leave out --dry-run, and for part of the library, add a separate --name",
            )
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.clusters.api import Clusters

        api = Clusters(context)
        named = {} if name is None else {"name": name}
        if rename is not None:
            _rename(api, rename, named, as_json=as_json)
            return
        if with_map or new_map:
            api.check_map(rebuild=new_map)
        with progress_shown(quiet=as_json) as progress:
            report = api.find(
                method=method,
                k=k,
                min_size=min_size,
                seed=seed,
                update=update,
                name=name,
                store=not dry_run,
                where=where,
                folders=folders,
                progress=progress,
            )
            means = None
            if by is not None:
                means = api.compare(by, confidence=confidence, where=where, folders=folders, **named)
            drawn = None
            if with_map or new_map:
                drawn = api.map(rebuild=new_map, seed=seed, store=not dry_run, progress=progress, **named)
        if html is not None:
            from saccade.usecases.clusters.html import write_clusters

            write_clusters(context, html, report, means, drawn)
        if as_json:
            from saccade.usecases.clusters.wire import clusters_answer

            print_json(clusters_answer(report, means, drawn))
        else:
            say_clusters(report, means, drawn)
        if html is not None:
            note(f"page: {shown_path(html)}")


def _rename(api: "Clusters", rename: tuple[str, str], named: "Mapping[str, str]", *, as_json: bool) -> None:
    """Rename a stored cluster."""
    cluster, title = rename
    if not cluster.isdecimal():
        raise InputError(
            f"{cluster!r} is not the id of a cluster", hint='e.g. saccade clusters --rename 3 "our beach"'
        )
    if title.startswith("-"):  # an option that took the place of a forgotten name
        raise InputError(
            f"{title!r} looks like an option, not a name",
            hint='e.g. saccade clusters --rename 3 "our beach"',
        )
    api.rename(int(cluster), title, **named)
    if as_json:
        from saccade.usecases.clusters.wire import RenameAnswer

        print_json(RenameAnswer(cluster=int(cluster), name=" ".join(title.split())))
    else:
        note(f"cluster {cluster} is now called {harmless(title)}")


COMMANDS: tuple[click.Command, ...] = (clusters,)
