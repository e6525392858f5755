"""Every relative link in the project's Markdown leads somewhere, anchors included."""

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("", "docs", "training", "benchmarks", "tests")
PAGES = sorted(
    page
    for folder in FOLDERS
    for page in (ROOT / folder).glob("**/*.md" if folder else "*.md")
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
)

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_ANCHOR = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


def links(text: str) -> list[str]:
    """Targets of the links of a page that lead to files or headings; code is no link."""
    plain = _CODE.sub("", _FENCE.sub("", text))
    return [target for target in _LINK.findall(plain) if not re.match(r"[a-z][a-z0-9+.-]*:", target)]


def anchors(text: str) -> set[str]:
    """Names of a page's headings as GitHub makes them, and of its explicit anchors."""
    plain = _FENCE.sub("", text)
    found: set[str] = set(_ANCHOR.findall(plain))
    for heading in _HEADING.findall(plain):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        kept = "".join(c for c in words if c in " -_" or unicodedata.category(c)[0] in "LN")
        name = base = kept.replace(" ", "-")
        number = 0
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.add(name)
    return found


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere, each with the reason."""
    problems = []
    for target in links(page.read_text(encoding="utf-8")):
        path, _, anchor = unquote(target).partition("#")
        place = page if not path else (page.parent / path).resolve()
        if not place.exists():
            problems.append(f"{target}: no such file")
        elif anchor and anchor not in anchors(place.read_text(encoding="utf-8")):
            problems.append(f"{target}: no such heading")
    return problems


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    """A link in a page leads to a file that is there and to a heading that it has."""
    assert broken(page) == []


def test_links_the_check_finds_what_is_broken(tmp_path: Path) -> None:
    """A missing file and a missing heading are found; code, web addresses and right links are not."""
    (tmp_path / "other.md").write_text("# A heading, with `code`\n\n# A heading, with `code`\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#a-heading-with-code) [c](other.md#a-heading-with-code-1)\n"
        "[d](https://example.org/none) `[e](none.md)`\n```\n[f](none.md)\n```\n"
        "[g](none.md) [h](other.md#none) [i](#none)\n"
    )
    assert broken(page) == [
        "none.md: no such file",
        "other.md#none: no such heading",
        "#none: no such heading",
    ]


def test_links_every_page_of_the_docs_is_reached() -> None:
    """Each page in docs/ is linked from another page."""
    reached = {
        (page.parent / unquote(target).partition("#")[0]).resolve()
        for page in PAGES
        for target in links(page.read_text(encoding="utf-8"))
    }
    docs = {page for page in PAGES if (ROOT / "docs") in page.parents}
    assert sorted(str(page.relative_to(ROOT)) for page in docs - reached - {ROOT / "docs" / "index.md"}) == []
