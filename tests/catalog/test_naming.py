# ruff: noqa: ANN001 - the fixtures' class lives in conftest.py, which no test file can import
"""Many names at once mean the same images as one by one."""

import hashlib
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import ImageNotFoundError
from tests.helpers.properties import examples


def _record(library, *names: str) -> dict[str, int]:
    """Pictures of these names, each of its own; a name with !/ lies in an archive."""
    pictures = []
    for name in names:
        file, _, member = name.partition("!/")
        pictures.append(library.picture(file, name.encode("utf-8", "surrogateescape"), member))
    return {name: image or 0 for name, image in zip(names, library.record(*pictures), strict=True)}


def test_paths_mean_what_was_last_seen_there(library) -> None:
    """Members of archives, names that are no text, gone files; what was never there is left out."""
    ids = _record(library, "a.jpg", "d/b.jpg", "z.zip!/in/c.jpg", "w!/x.jpg", "é\udcff.jpg", "gone.jpg")
    library.catalog.files.mark_missing(library.run, library.folder, [("gone.jpg", "")])
    asked = [f"{library.home}/{name}" for name in [*ids, "no.jpg", "d", "z.zip", "z.zip!/c.jpg"]]
    found = library.catalog.images.at_paths([*asked, "/elsewhere/a.jpg", "", asked[0]])
    assert found == {f"{library.home}/{name}": image for name, image in ids.items()}
    assert library.catalog.images.at_paths([]) == {}


def test_paths_may_go_through_links_and_dots(library, tmp_path: Path) -> None:
    """As for one path."""
    ids = _record(library, "a.jpg", "d/b.jpg")
    (tmp_path / "d").mkdir()
    link = tmp_path.with_name(f"{tmp_path.name}-link")
    link.symlink_to(tmp_path)
    asked = [f"{link}/a.jpg", f"{link}/d/b.jpg", f"{library.home}/d/../a.jpg"]
    meant = [ids["a.jpg"], ids["d/b.jpg"], ids["a.jpg"]]
    assert library.catalog.images.at_paths(asked) == dict(zip(asked, meant, strict=True))


def test_a_thousand_paths_are_one_question_each_five_hundred(library) -> None:
    """All of them are answered."""
    ids = _record(library, *(f"{number % 7}/{number}.jpg" for number in range(1200)))
    assert library.catalog.images.at_paths([f"{library.home}/{name}" for name in ids]) == {
        f"{library.home}/{name}": image for name, image in ids.items()
    }
    found = library.catalog.images.by_names([os.path.basename(name) for name in ids])
    assert found == {os.path.basename(name): [image] for name, image in ids.items()}


def test_names_mean_every_present_image_called_so(library) -> None:
    """Whatever its case and folder; the same picture twice is one."""
    ids = _record(library, "A.jpg", "d/a.JPG", "b.jpg", "z.zip!/in/c.jpg", "gone.jpg")
    library.record(library.picture("d/b.jpg", b"b.jpg"))
    library.catalog.files.mark_missing(library.run, library.folder, [("gone.jpg", "")])
    found = library.catalog.images.by_names(["a.jpg", "B.JPG", "c.jpg", "gone.jpg", "d/a.JPG", ""])
    assert found == {
        "a.jpg": sorted([ids["A.jpg"], ids["d/a.JPG"]]),
        "B.JPG": [ids["b.jpg"]],
        "c.jpg": [ids["z.zip!/in/c.jpg"]],
    }


@examples(50)
@given(starts=st.lists(st.text("0123456789abcdefg", max_size=4), max_size=6), length=st.integers(0, 70))
def test_ids_by_their_start_mean_what_one_by_one_means(library, starts: list[str], length: int) -> None:
    """One image, several, or none; what is no hexadecimal number is none."""
    _record(library, *(f"{number}.jpg" for number in range(40)))
    whole = hashlib.sha256(b"7.jpg").hexdigest()
    found = library.catalog.images.by_ids([*starts, whole[:length]])
    for start in [*starts, whole[:length]]:
        try:
            alone = [library.catalog.images.by_sha256(start).id]
        except ImageNotFoundError as error:
            alone = [] if "no image" in error.message else [0, 0]
        assert len(found.get(start, [])) == len(alone)
        assert alone == [0, 0] or found.get(start, []) == alone
