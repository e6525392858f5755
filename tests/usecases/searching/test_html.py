"""The contact sheet: complete in itself, harmless whatever the names say, whole or not there."""

import base64
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InputError, PathNotFoundError, ReadOnlyError
from saccade.core.hits import PartScore
from saccade.core.types import Failure
from saccade.usecases.searching.html import Section, sheet_html, write_sheet
from tests.helpers.elements import Elements
from tests.helpers.properties import examples
from tests.helpers.terminal import JPEG, FakeDecoder, fake_context

EVIL = '/photos/"><script>alert(1)</script>&\n\x1b[2J\u202e.jpg'
_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "p", "main", "section", "header", "div", "h1"),
    *("ol", "li", "figure", "a", "img", "span", "i", "figcaption", "b", "footer"),
}


def _sheet(make_result: Callable[..., Any], *hits: Any, **changed: Any) -> Elements:
    section = Section(result=make_result(*hits, **changed), thumbnails=(JPEG,) * len(hits))
    return Elements(sheet_html([section]))


def test_sheet_shows_every_hit(make_hit: Callable[..., Any], make_result: Callable[..., Any]) -> None:
    """Picture, rank, confidence, score, name, parts with the best marked, near-identical count, link."""
    hit = make_hit(
        2,
        "/photos/my cat.jpg",
        confidence=0.975,
        score=0.3125,
        parts=(PartScore(part="cat", score=0.25), PartScore(part="hat", score=0.5)),
        words=("cat",),
        similar=("0" * 64,) * 3,
    )
    page = _sheet(make_result, hit)
    for text in ("a cat", "my cat.jpg", "97 %", "0.312", "+3 similar", "named cat", "400 x 300"):
        assert text in page.text
    links = [attrs["href"] for tag, attrs in page.found if tag == "a"]
    assert links == ["file:///photos/my%20cat.jpg"] * 2
    best = [attrs for tag, attrs in page.found if tag == "span" and attrs.get("class") == "best"]
    assert len(best) == 1
    sources = [attrs["src"] for tag, attrs in page.found if tag == "img"]
    assert sources == ["data:image/jpeg;base64," + base64.b64encode(JPEG).decode()]
    assert "No confident match" not in page.text


def test_sheet_is_honest(make_hit: Callable[..., Any], make_result: Callable[..., Any]) -> None:
    """An answer that is none says so."""
    assert "No confident match" in _sheet(make_result, make_hit(), confident=False).text


@given(
    name=st.text(min_size=1, max_size=40) | st.binary(min_size=1, max_size=40).map(os.fsdecode),
    query=st.text(max_size=40),
)
@examples(60)
def test_sheet_holds_nothing_but_our_elements(
    make_hit: Callable[..., Any], make_result: Callable[..., Any], name: str, query: str
) -> None:
    """No text can add an element or an attribute, and links keep the bytes of the path."""
    path = "/photos/" + name.replace("\0", "").replace("/", "")
    page = _sheet(make_result, make_hit(path=path), query=query)
    assert {tag for tag, _ in page.found} <= _TAGS
    attributes = {name for _, attrs in page.found for name in attrs}
    assert not any(name.startswith("on") or name == "style" for name in attributes)
    links = [attrs["href"] or "" for tag, attrs in page.found if tag == "a"]
    for link in links:
        assert link.isascii()
        assert unquote_to_bytes(link.removeprefix("file://")) == os.fsencode(os.path.abspath(path))


def test_sheet_makes_hostile_text_harmless(
    make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """Names, titles, queries, parts, words and cameras may say anything."""
    hit = make_hit(
        path=EVIL,
        words=(EVIL,),
        parts=(PartScore(part=EVIL, score=0.1), PartScore(part="b", score=0.2)),
    )
    page = _sheet(make_result, hit, query=EVIL)
    assert {tag for tag, _ in page.found} <= _TAGS
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


def test_sheet_policy_allows_its_own_style_and_nothing_else(
    make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """No script, no request: the policy names the digest of the one style."""
    document = sheet_html([Section(result=make_result(make_hit()), thumbnails=(JPEG,))])
    style = re.search(r"<style>(.*?)</style>", document, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', document)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'"
    addresses = [value for _, attrs in Elements(document).found for value in attrs.values() if value]
    assert not any(re.match(r"(https?:)?//", value) for value in addresses)


def test_sheet_tells_why_a_picture_is_missing(
    make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """A file that is gone leaves its place, with the reason."""
    decoder = FakeDecoder()
    for path in ("/q.jpg", "/photos/cat.jpg"):
        decoder.outcomes[path] = Failure(path=path, code="vanished", reason="the file is <gone>")
    context = fake_context("/photos/.saccade", decoder)
    section = Section.of(context, make_result(make_hit()), query_pictures=["/q.jpg"])
    assert (section.thumbnails, section.asked) == (("the file is <gone>",), ())
    assert "the file is <gone>" in Elements(sheet_html([section])).text


def test_sheet_links_a_member_to_its_archive(
    make_hit: Callable[..., Any], make_result: Callable[..., Any], tmp_path: Path
) -> None:
    """Browsers cannot open ARCHIVE!/MEMBER."""
    (tmp_path / "a.zip").touch()
    page = _sheet(make_result, make_hit(path=f"{tmp_path}/a.zip!/in/b.jpg"))
    assert {attrs["href"] for tag, attrs in page.found if tag == "a"} == {f"file://{tmp_path}/a.zip"}


def test_write_sheet_replaces_an_older_one(
    make_hit: Callable[..., Any], make_result: Callable[..., Any], tmp_path: Path
) -> None:
    """Whole, and without leaving anything else behind."""
    target = tmp_path / "out.html"
    write_sheet(str(target), [Section(result=make_result(), thumbnails=())])
    older = target.read_text()
    write_sheet(str(target), [Section(result=make_result(make_hit()), thumbnails=(JPEG,))])
    assert target.read_text() != older
    assert target.read_text().startswith("<!doctype html>")
    assert [file.name for file in tmp_path.iterdir()] == ["out.html"]


def test_write_sheet_says_why_it_cannot(make_result: Callable[..., Any], tmp_path: Path) -> None:
    """A missing folder, a folder in its place; nothing is left behind."""
    section = Section(result=make_result(), thumbnails=())
    with pytest.raises(PathNotFoundError, match="no such folder"):
        write_sheet(str(tmp_path / "missing" / "out.html"), [section])
    with pytest.raises(InputError, match="not written by saccade"):
        write_sheet(str(tmp_path), [section])
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob("*.tmp")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="needs a user whom permissions bind: root may write anywhere")
def test_write_sheet_in_a_read_only_folder(make_result: Callable[..., Any], tmp_path: Path) -> None:
    """ReadOnlyError."""
    tmp_path.chmod(0o500)
    with pytest.raises(ReadOnlyError):
        write_sheet(str(tmp_path / "out.html"), [Section(result=make_result(), thumbnails=())])
