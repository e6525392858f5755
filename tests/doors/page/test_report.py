"""Reports: complete in themselves, harmless whatever the names say, usable when long."""

import base64
import hashlib
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InputError, PathNotFoundError
from saccade.core.types import Failure
from saccade.doors.page.document import page, write_page
from saccade.doors.page.report import (
    Report,
    Section,
    Table,
    Tile,
    report_html,
    tiles_pictures,
    write_report,
)
from tests.helpers.elements import Elements
from tests.helpers.properties import examples
from tests.helpers.terminal import JPEG, FakeDecoder, fake_context

ADDRESS = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
EVIL = '/photos/"><script>alert(1)</script><p style="x" onclick=y>&\n\x1b[2J\u202e.jpg'
_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "p", "main", "section", "header", "div", "h1", "h2"),
    *("ol", "ul", "li", "figure", "a", "img", "span", "figcaption", "footer", "nav", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def _tile(words: str = "cat.jpg", **changed: object) -> Tile:
    values: dict[str, object] = {"path": "/photos/" + words, "picture": JPEG, "title": words}
    return Tile(**{**values, "width": 400, "height": 300, **changed})  # type: ignore[arg-type]


def _report(*sections: Section, words: str = "Duplicates") -> Report:
    return Report(title=words, lead=(words,), sections=sections)


def test_report_shows_all_it_is_given() -> None:
    """Titles, paragraphs, badges, pictures, tables, figures, and how much is left out."""
    tile = _tile(badge="keep", tone="good", lines=("400 x 300", "same picture"), overlay=JPEG)
    table = Table(columns=("folder", "bytes"), rows=(("/photos", "12 MB"),), numeric=frozenset({1}))
    section = Section(
        title="Group 1", lines=("two files",), tiles=(tile,), table=table, figure="<svg></svg>", more=1200
    )
    page = Elements(report_html(_report(section)))
    for words in (
        *("Duplicates", "Group 1", "two files", "cat.jpg", "keep", "400 x 300", "same picture"),
        *("folder", "bytes", "12 MB", "and 1,200 more", "1,201 pictures"),
    ):
        assert words in page.text
    assert [image["src"] for image in page.all("img")] == [ADDRESS] * 2
    assert [cell.get("class") for cell in page.all("td")] == [None, "number"]
    assert len(page.all("svg")) == 1


@given(
    words=st.text(min_size=1, max_size=40) | st.binary(min_size=1, max_size=40).map(os.fsdecode),
    path=st.binary(min_size=1, max_size=40),
)
@examples(60)
def test_no_text_adds_an_element_or_attribute(words: str, path: bytes) -> None:
    """Every text may say anything; links keep the bytes of the path."""
    place = "/photos/" + os.fsdecode(path.replace(b"\0", b"").replace(b"/", b"."))
    _check_harmless(words, place)


def test_hostile_text_is_harmless() -> None:
    """Elements, attributes, terminal codes and changes of direction."""
    page = _check_harmless(EVIL, EVIL)
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


def _check_harmless(words: str, path: str) -> Elements:
    tile = _tile(path=path, title=words, lines=(words,), badge=words, picture=words)
    shown = _tile(path=path, title=words)
    table = Table(columns=(words,), rows=((words,),))
    section = Section(title=words, lines=(words,), tiles=(tile, shown), table=table)
    page = Elements(report_html(_report(*[section] * 3, words=words)))
    assert {tag for tag, _ in page.found} <= _TAGS
    attributes = {name for _, attrs in page.found for name in attrs}
    assert not any(name.startswith("on") or name == "style" for name in attributes)
    links = [link["href"] or "" for link in page.all("a")]
    files = [link for link in links if link.startswith("file:")]
    assert len(files) == 12
    assert {unquote_to_bytes(link.removeprefix("file://")) for link in files} == {
        os.fsencode(os.path.abspath(path))
    }
    return page


def test_policy_allows_its_own_style_and_nothing_else() -> None:
    """No script, no request: the policy names the digest of the one style."""
    document = report_html(_report(Section(title="a", tiles=(_tile(width=1234, height=1000),))))
    style = re.search(r"<style>(.*?)</style>", document, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', document)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'"
    assert ".s123 { --shape: 1.23; }" in style[1]


def test_tile_without_file_or_picture() -> None:
    """No path, no link; no picture, the reason in its place."""
    page = Elements(report_html(_report(Section(title="a", tiles=(_tile(path="", picture="it is <gone>"),)))))
    assert page.all("a") == []
    assert page.all("img") == []
    assert "it is <gone>" in page.text


def test_many_sections_fold() -> None:
    """The first few are open; every link leads to an id inside the section, so that following it unfolds."""
    sections = [Section(title=f"Group {place}", tiles=(_tile(),)) for place in range(300)]
    page = Elements(report_html(_report(*sections)))
    folds = [attrs for attrs in page.all("details") if attrs.get("class") == "part"]
    assert [("open" in attrs) for attrs in folds] == [True] * 3 + [False] * 297
    targets = {attrs["id"] for _, attrs in page.found if "id" in attrs}
    assert {f"#{target}" for target in targets} == {
        link["href"] for link in page.all("a") if (link["href"] or "").startswith("#")
    }
    assert len(targets) == 300
    assert {image["loading"] for image in page.all("img")} == {"lazy"}


def test_few_sections_do_not_fold() -> None:
    """Nothing to unfold, nothing to leaf through."""
    page = Elements(report_html(_report(Section(title="a"), Section(title="b"))))
    assert page.all("details") == []
    assert page.all("nav") == []


def test_tiles_pictures_say_why_one_is_missing() -> None:
    """In the order of the paths: a JPEG, or the reason."""
    decoder = FakeDecoder()
    decoder.outcomes["/b"] = Failure(path="/b", code="vanished", reason="gone")
    context = fake_context("/.saccade", decoder)
    assert tiles_pictures(context, ["/a", "/b"]) == [JPEG, "gone"]


def test_write_report_whole_or_not_at_all(tmp_path: Path) -> None:
    """An older one is replaced; a missing folder is said, and nothing is left behind."""
    target = tmp_path / "out.html"
    target.write_text(page("older", "old", styles=()))
    write_report(str(target), _report())
    assert "older" not in target.read_text()
    assert target.read_text().startswith("<!doctype html>")
    with pytest.raises(PathNotFoundError, match="no such folder"):
        write_report(str(tmp_path / "missing" / "out.html"), _report())
    assert [file.name for file in tmp_path.iterdir()] == ["out.html"]


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 a photo", b"", b"<!doctype html><title>mine</title>"])
def test_only_a_page_of_ours_is_replaced(tmp_path: Path, content: bytes) -> None:
    """A photo named by mistake keeps its bytes; an earlier page is replaced."""
    file = tmp_path / "a.html"
    file.write_bytes(content)
    with pytest.raises(InputError, match="not written by saccade"):
        write_page(str(file), page("t", "b", styles=()))
    assert file.read_bytes() == content
    file.unlink()
    for body in ("first", "second"):
        write_page(str(file), page("t", body, styles=()))
    assert "second" in file.read_text()
