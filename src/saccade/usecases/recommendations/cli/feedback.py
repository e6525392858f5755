"""`saccade feedback`: add, import, export and erase what users did."""

import csv
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from saccade.core.errors import NotFoundError
from saccade.core.tables import disarmed
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.reporting import report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import counted, harmless
from saccade.engine.names import named_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saccade.usecases.recommendations.api import Recommendations
    from saccade.usecases.recommendations.rules.reports import FeedbackImport

_KINDS = ("like", "dislike", "click", "view", "buy")


@contextmanager
def _recommendations(session: Session, *, as_json: bool) -> "Iterator[Recommendations]":
    """The recommendations namespace of the command's library."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.recommendations.api import Recommendations

        yield Recommendations(library)


@click.group(short_help="Add, import, export or erase what users liked.")
def feedback() -> None:
    """Manage what users did with images, which recommendations learn from. Stored per user."""


@feedback.command()
@click.argument("user")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--at", metavar="TIME", help="When: 2024-05-01T12:00:00 (UTC) or seconds since 1970.")
@click.option("--value", type=float, default=1.0, show_default=True, help="Weight of the event.")
@json_option
@library_option
@click.pass_obj
def add(
    session: Session,
    *,
    user: str,
    kind: str,
    images: tuple[str, ...],
    at: str | None,
    value: float,
    as_json: bool,
) -> None:
    """Record that USER liked, disliked, clicked, viewed or bought IMAGEs (files or image ids)."""
    with _recommendations(session, as_json=as_json) as recommendations:
        added = recommendations.feedback(
            user, kind, [named_image(image) for image in images], at=at, value=value
        )
        if as_json:
            from saccade.usecases.recommendations.wire import Added

            print_json(Added(added=added))
        else:
            say(f"{counted(added, 'event')} recorded for {harmless(user)}")


@feedback.command("import")
@click.argument("file")
@json_option
@library_option
@click.pass_obj
def import_events(session: Session, *, file: str, as_json: bool) -> None:
    """Import events from a CSV FILE with the columns user, image, kind, and optionally at and value."""
    with _recommendations(session, as_json=as_json) as recommendations:
        _report(recommendations.import_feedback(file), "event", as_json=as_json)


@feedback.command("import-sets")
@click.argument("file")
@json_option
@library_option
@click.pass_obj
def import_sets(session: Session, *, file: str, as_json: bool) -> None:
    """Import sets that go together from a CSV FILE with the columns set (an order, an outfit) and image."""
    with _recommendations(session, as_json=as_json) as recommendations:
        _report(recommendations.import_sets(file), "image in a set", "images in sets", as_json=as_json)


def _report(done: "FeedbackImport", one: str, many: str | None = None, *, as_json: bool) -> None:
    """Print a summary of an import."""
    report_failures(done.failed)
    if as_json:
        print_json(done)
        return
    known = done.rows - done.added - len(done.failed)
    parts = [f"{counted(done.added, one, many)} added"]
    if known:
        parts.append(f"{known:,} already known")
    if done.failed:
        parts.append(f"{len(done.failed):,} not usable")
    say(f"{counted(done.rows, 'line')}: {', '.join(parts)}")


@feedback.command()
@click.argument("user")
@json_option
@library_option
@click.pass_obj
def export(session: Session, *, user: str, as_json: bool) -> None:
    """Print everything stored about USER as CSV (or JSON), in the format that `feedback import` reads."""
    with _recommendations(session, as_json=as_json) as recommendations:
        events = recommendations.export(user)
        if as_json:
            from saccade.usecases.recommendations.wire import event_list

            print_json(event_list(events))
            return
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("user", "image", "kind", "at", "value", "path"))
        for event in events:
            path = event.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            writer.writerow(
                (disarmed(event.user), event.image_id, event.kind, event.at, event.value, disarmed(path))
            )


@feedback.command()
@click.argument("user")
@click.option("--apply", is_flag=True, help="Erase; without it, only report what would be erased.")
@json_option
@library_option
@click.pass_obj
def erase(session: Session, *, user: str, apply: bool, as_json: bool) -> None:
    """Delete everything stored about USER, from disk too. This cannot be undone: export it first."""
    with _recommendations(session, as_json=as_json) as recommendations:
        if apply:
            erased = recommendations.erase(user)
        else:
            erased = recommendations.users().get(user, 0)
            if not erased:
                raise NotFoundError(f"nothing is stored about {user!r}", hint="saccade feedback list")
        if as_json:
            from saccade.usecases.recommendations.wire import Erasure

            print_json(Erasure(erased=erased, applied=apply))
        elif apply:
            say(f"{counted(erased, 'event')} of {harmless(user)} erased; earlier backups still contain them")
        else:
            say(f"{counted(erased, 'event')} of {harmless(user)} would be erased")
            note("nothing was changed: add --apply to erase them")


@feedback.command("list")
@json_option
@library_option
@click.pass_obj
def list_users(session: Session, *, as_json: bool) -> None:
    """List all users with their number of events."""
    with _recommendations(session, as_json=as_json) as recommendations:
        users = recommendations.users()
        if as_json:
            from saccade.usecases.recommendations.wire import user_list

            print_json(user_list(users))
            return
        for name, count in users.items():
            say(f"{count:>8,}  {harmless(name)}")
        if not users:
            note("no feedback yet: saccade feedback add USER like IMAGE")
