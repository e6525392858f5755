"""`saccade recommend`."""

import os
from typing import TYPE_CHECKING

import click

from saccade.core.errors import InputError, InvalidQueryError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import has_color, note, print_json, print_paths, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import counted, harmless, percent, shown_path
from saccade.engine.names import named_image

if TYPE_CHECKING:
    from saccade.core.ranking import ReplayReport
    from saccade.usecases.recommendations.rules.reports import Recommendation, Recommendations

_BOLD, _DIM, _YELLOW, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"


@click.command(short_help="Recommend images to a user, or what goes with an image.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@click.option("--user", metavar="NAME", help="Recommend what this user may like, from what they did before.")
@click.option(
    "--goes-with", is_flag=True, help="Recommend what goes with the IMAGEs, from the sets you imported."
)
@click.option("--replay", is_flag=True, help="Evaluate recommendations on what users did later.")
@click.option(
    "-k", "--top", type=int, default=20, show_default=True, metavar="N", help="Maximum number of images."
)
@click.option(
    "--diverse",
    type=float,
    default=0.0,
    show_default=True,
    metavar="0..1",
    help="How different the images should be from each other.",
)
@click.option(
    "--novel",
    type=float,
    default=0.0,
    show_default=True,
    metavar="0..1",
    help="0: popular images first, 0.5: ignore popularity, 1: unpopular first.",
)
@click.option(
    "--boost",
    multiple=True,
    metavar="NAME:WEIGHT",
    help="Boost (or penalize) by a numeric field or recency, e.g. price:-0.2; repeatable.",
)
@click.option(
    "--half-life",
    type=float,
    default=90.0,
    show_default=True,
    metavar="DAYS",
    help="Age at which an event counts half.",
)
@click.option("--seen", is_flag=True, help="Include images the user has already seen.")
@click.option(
    "--held-out",
    type=float,
    default=0.2,
    show_default=True,
    metavar="SHARE",
    help="With --replay: share of each user's likes held out.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="With --replay: random seed.")
@scope_options
@click.option("-p", "--paths-only", is_flag=True, help="Print only the paths, one per line, byte for byte.")
@click.option("--html", metavar="FILE", help="Also write a report with pictures to an HTML file.")
@json_option
@library_option
@click.pass_obj
def recommend(
    session: Session,
    *,
    images: tuple[str, ...],
    user: str | None,
    goes_with: bool,
    replay: bool,
    top: int,
    diverse: float,
    novel: float,
    boost: tuple[str, ...],
    half_life: float,
    seen: bool,
    held_out: float,
    seed: int,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    paths_only: bool,
    html: str | None,
    as_json: bool,
) -> None:
    """Recommend images for a user, similar to some images, or that go with them; each with a reason.

    User events come from `saccade feedback`. Users without events get popular images.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        if as_json and paths_only:
            raise InputError("--json and --paths-only are mutually exclusive", hint="choose one")
        if (user is not None) + bool(images) + replay != 1 or (goes_with and not images):
            raise InvalidQueryError(
                "give --user NAME, or IMAGEs (optionally with --goes-with), or --replay: one of these",
                hint="saccade recommend --user anna",
            )
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.recommendations.api import Recommendations

        recommendations = Recommendations(context)
        if replay:
            with progress_shown(quiet=as_json) as progress:
                report = recommendations.replay(
                    k=top,
                    held_out=held_out,
                    diverse=diverse,
                    novel=novel,
                    half_life=half_life,
                    where=where,
                    folders=folders,
                    seed=seed,
                    progress=progress,
                )
            if html is not None:
                from saccade.usecases.recommendations.html import write_replay

                write_replay(html, report)
                note(f"report: {shown_path(os.path.abspath(html))}")
            _show_replay(report, as_json=as_json)
            return
        if goes_with:
            found = recommendations.together(
                [named_image(image) for image in images],
                k=top,
                diverse=diverse,
                boost=boost,
                where=where,
                folders=folders,
            )
        else:
            found = recommendations.for_user(
                user,
                images=[named_image(image) for image in images] or None,
                k=top,
                diverse=diverse,
                novel=novel,
                boost=boost,
                where=where,
                folders=folders,
                seen=seen,
                half_life=half_life,
            )
        if html is not None:
            from saccade.usecases.recommendations.html import write_recommendations

            write_recommendations(html, context, found)
            note(f"report: {shown_path(os.path.abspath(html))}")
        if as_json:
            from saccade.usecases.recommendations.wire import recommendation_list

            print_json(recommendation_list(found))
        elif paths_only:
            print_paths((hit.path for hit in found), null=False)
        else:
            _show(found)


def _show(found: "Recommendations") -> None:
    """Print one image per line, with the reasons."""
    color = has_color()
    if found.note:
        note(_styled(harmless(found.note), _YELLOW, color=color))
    widest = len(str(len(found)))
    for hit in found:
        say(hit_line(hit, widest=widest, color=color))


def hit_line(hit: "Recommendation", *, widest: int = 2, color: bool = False) -> str:
    """Rank, score, path and reasons."""
    why = "; ".join(harmless(reason.text) for reason in hit.reasons)
    return (
        f"{_styled(f'{hit.rank:>{widest}}', _DIM, color=color)}  "
        f"{_styled(f'{hit.score:6.3f}', _DIM, color=color)}  "
        f"{_styled(shown_path(hit.path), _BOLD, color=color)}  {_styled(why, _DIM, color=color)}"
    ).rstrip()


def _show_replay(report: "ReplayReport", *, as_json: bool) -> None:
    """Print a table of the methods."""
    if as_json:
        from saccade.usecases.recommendations.wire import replay

        print_json(replay(report))
        return
    say(
        f"{counted(report.users, 'user')}, {counted(report.events, 'event')} known, the last "
        f"{percent(report.held_out)} of each user's likes to be found among {counted(report.images, 'image')}"
    )
    say(f"{'':<16} {f'recall@{report.k}':>24} {f'nDCG@{report.k}':>24} {'coverage':>9} {'novelty':>9}")
    for one in report.scores:
        recall = f"{one.recall.value:.4f} ({one.recall.low:.4f}-{one.recall.high:.4f})"
        ndcg = f"{one.ndcg.value:.4f} ({one.ndcg.low:.4f}-{one.ndcg.high:.4f})"
        say(f"{one.method:<16} {recall:>24} {ndcg:>24} {percent(one.coverage):>9} {one.novelty:>8.1f}b")


def _styled(text: str, style: str, *, color: bool) -> str:
    """The text in a style, if styles are shown."""
    return f"{style}{text}{_RESET}" if color and text else text
