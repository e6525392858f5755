"""`saccade show`: everything known about an image."""

from typing import TYPE_CHECKING

import click

from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import print_json, say_fields
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import harmless, number, percent, shown_path, size
from saccade.engine.names import named_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.core.ports.stores import Tag
    from saccade.core.types import ImageRecord


@click.command(short_help="Show everything known about an image.")
@click.argument("image", metavar="PHOTO-OR-ID")
@json_option
@library_option
@click.pass_obj
def show(session: Session, *, image: str, as_json: bool) -> None:
    """Show everything known about an image, given as a file, an id, or an id's first 8 digits."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.searching.api import Searching
        from saccade.usecases.searching.wire import image_answer

        record = Searching(library).show(named_image(image))
        tags = library.catalog.tags.of([record.id]).get(record.id, ())
        fields = library.catalog.columns.of([record.id]).get(record.id, {})
        if as_json:
            print_json(image_answer(record, tags, fields))
        else:
            say_fields([*_record_fields(record), *_said_fields(tags, fields)])


def _record_fields(record: "ImageRecord") -> list[tuple[str, str]]:
    """Print the output of `show`; absent facts are left out."""
    info = record.info
    fields: list[tuple[str, str]] = [("id", record.image_id)]
    fields += [("file", shown_path(path)) for path in record.paths] or [("file", "none: it is gone")]
    fields.append(("picture", f"{info.width} x {info.height} {info.format}, {size(info.size_bytes)}"))
    if info.frames > 1:
        fields.append(("frames", f"{number(info.frames)}; the first one is used"))
    place = None
    if info.latitude is not None and info.longitude is not None:
        place = f"{info.latitude:.5f}, {info.longitude:.5f}"
    facts = (
        ("taken", info.taken_at and info.taken_at.replace("T", " ")),
        ("camera", info.camera),
        ("lens", info.lens),
        ("place", place),
        ("title", info.title),
        ("caption", info.caption),
        ("keywords", ", ".join(info.keywords)),
        ("creator", info.creator),
        ("rights", info.rights),
    )
    return fields + [(name, harmless(value)) for name, value in facts if value]


def _said_fields(tags: "Sequence[Tag]", fields: "Mapping[str, float | str]") -> list[tuple[str, str]]:
    """Labels with who gave them, and imported or computed facts."""
    said = [("tag", f"{harmless(tag.label)} ({harmless(tag.origin)}, {percent(tag.score)})") for tag in tags]
    for name, value in fields.items():
        shown = harmless(value) if isinstance(value, str) else f"{value:g}"
        said.append((f"data.{name}", shown))
    return said
