"""`saccade feedback`: what users did, told, imported, given back, erased."""

import csv
import sys
from typing import TYPE_CHECKING

import click

from saccade.core.errors import NotFoundError
from saccade.core.tables import disarmed
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import counted, harmless
from saccade.usecases.recommendations.wire import of_events, of_imported, of_users

if TYPE_CHECKING:
    from saccade.usecases.recommendations.rules.taste import Imported

_KINDS = ("like", "dislike", "click", "view", "buy")


@click.group(short_help="Tell, import, export or erase what users liked.")
def feedback() -> None:
    """What users did with images: the ground of recommendations. Kept in the library, per user."""


@feedback.command()
@click.argument("user")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--at", metavar="TIME", help="When: 2024-05-01T12:00:00 (UTC) or seconds since 1970.")
@click.option("--value", type=float, default=1.0, show_default=True, help="How strong a sign it is.")
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
    """Note that USER liked, disliked, clicked, viewed or bought IMAGEs (files or image ids)."""
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        added = library.feedback(user, kind, images, at=at, value=value)
        if as_json:
            print_json({"added": added})
        else:
            say(f"{counted(added, 'event')} noted for {harmless(user)}")


@feedback.command("import")
@click.argument("file")
@json_option
@library_option
@click.pass_obj
def import_events(session: Session, *, file: str, as_json: bool) -> None:
    """Read events from a CSV FILE with the columns user, image, kind, and at will: at, value."""
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        _tell(library.import_feedback(file), "event", as_json=as_json)


@feedback.command("import-sets")
@click.argument("file")
@json_option
@library_option
@click.pass_obj
def import_sets(session: Session, *, file: str, as_json: bool) -> None:
    """Read what goes together from a CSV FILE with the columns set (an order, an outfit) and image."""
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        _tell(library.import_sets(file), "image in a set", "images in sets", as_json=as_json)


def _tell(done: "Imported", one: str, many: str | None = None, *, as_json: bool) -> None:
    """What an import did."""
    report_failures(done.failed)
    if as_json:
        print_json(of_imported(done))
        return
    known = done.rows - done.added - len(done.failed)
    parts = [f"{counted(done.added, one, many)} added"]
    if known:
        parts.append(f"{known:,} known before")
    if done.failed:
        parts.append(f"{len(done.failed):,} not usable")
    say(f"{counted(done.rows, 'line')}: {', '.join(parts)}")


@feedback.command()
@click.argument("user")
@json_option
@library_option
@click.pass_obj
def export(session: Session, *, user: str, as_json: bool) -> None:
    """Print everything kept of USER as CSV (or JSON), in the form that `feedback import` reads."""
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        events = library.export_feedback(user)
        if as_json:
            print_json(of_events(events))
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
@click.option("--apply", is_flag=True, help="Do it; without, only say what would be erased.")
@json_option
@library_option
@click.pass_obj
def erase(session: Session, *, user: str, apply: bool, as_json: bool) -> None:
    """Delete everything kept of USER, on the disk too. This cannot be taken back: export it first."""
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        if apply:
            erased = library.erase_user(user)
        else:
            erased = library.feedback_users().get(user, 0)
            if not erased:
                raise NotFoundError(f"nothing is kept of {user!r}", hint="saccade feedback list")
        if as_json:
            print_json({"erased": erased, "applied": apply})
        elif apply:
            say(f"{counted(erased, 'event')} of {harmless(user)} erased; backups made before still hold them")
        else:
            say(f"{counted(erased, 'event')} of {harmless(user)} would be erased")
            note("nothing was changed: say --apply to erase them")


@feedback.command("list")
@json_option
@library_option
@click.pass_obj
def list_users(session: Session, *, as_json: bool) -> None:
    """Every user with the number of events kept."""
    with errors_reported(as_json=as_json, debug=session.debug), existing_library(session.library) as library:
        users = library.feedback_users()
        if as_json:
            print_json(of_users(users))
            return
        for name, count in users.items():
            say(f"{count:>8,}  {harmless(name)}")
        if not users:
            note("no feedback yet: saccade feedback add USER like IMAGE")
