"""Prose reads like a native engineer's: words and phrases that read as translated are not used."""

import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

CHECKED = ("*.md", "src/*.py", "benchmarks/*.py")
"""Git pathspecs of the files to check; `*` also matches slashes."""


class Avoid(NamedTuple):
    """A word or phrase not to use: a pattern, in which a space is any space, and what to write instead."""

    pattern: str
    instead: str
    example: str


AVOID = (
    # One word for one thing: the glossary's.
    Avoid(r"themes?", "cluster; `theme` as code, where output or a column has it", "each theme has a name"),
    Avoid(r"tastes?", "recommendation, or what a user likes", "learns a user's taste"),
    Avoid(r"(?<!look-)alike", "similar; `alike` as code for the field", "images that look alike"),
    Avoid(r"likeness", "similarity", "the likeness of two images"),
    Avoid(r"strangers?", "unrelated or unknown image, untrusted file", "found among 7,000 strangers"),
    Avoid(r"'s middle|middles", "center, median", "far from the cluster's middle"),
    Avoid(r"bear(?:s|ing)? (?:an?|no|the|this|it|any)", "have, be tagged", "11 images bear a label"),
    Avoid(r"borne", "have, be tagged", "the labels borne most"),
    Avoid(r"stays? out", "be excluded, be left out", "a broken file stays out"),
    Avoid(r"dials?", "controls, options", "dials for diversity"),
    # Translated phrases.
    Avoid(r"at will", "optional, optionally", "and at will a date"),
    Avoid(r"dear(?:er|est)?", "expensive; cheapest first", "it works from cheap to dear"),
    Avoid(r"for want of", "out of, without", "failed for want of memory"),
    Avoid(r"anew", "again; rebuild, recompute", "it is measured anew"),
    Avoid(r"(?:is|are|was|were|be|been) told", "be reported, be listed", "bad lines are told"),
    Avoid(r"\w+ that lack", "without", "rows that lack a value"),
    Avoid(r"by alphabet", "alphabetically", "labels by alphabet"),
    Avoid(r"in vain", "give up", "they wait in vain"),
    Avoid(r"afresh", "again; rewrite, rebuild", "it is written afresh"),
    Avoid(r"(?:know|knows) nothing of", "does not know", "it knows nothing of the folder"),
    Avoid(r"nothing of (?:it|them) (?:stay|stays|remain|remains)", "no trace", "nothing of them stays"),
    Avoid(r"whatsoever", "nothing: leave it out", "no change whatsoever"),
    Avoid(r"thereof|therein|thereby|wherein|whereof|herein", "name the thing", "the parts thereof"),
    Avoid(r"made[- ]up", "synthetic", "made-up pairs"),
    Avoid(r"what (?:[\w'-]+ ){1,5}is is", "state it directly", "what the library is is unknown"),
    Avoid(r"in the plane", "in two dimensions", "lay the library out in the plane"),
    Avoid(r"of (?:its|their) own", "own, separate: `its own name`", "a name of its own"),
    Avoid(r"seldom", "rarely", "it seldom fails"),
    Avoid(r"for ever", "until taken back, permanently", "remembered for ever"),
    Avoid(r"in silence", "silently", "dropped in silence"),
    Avoid(r"persons", "people", "the names of persons"),
    Avoid(r"beside", "next to, with, alongside", "a file beside it"),
    Avoid(r"vouch(?:es)? for", "untrusted", "files that nobody vouches for"),
    Avoid(r"by the clock", "of wall time", "an hour by the clock"),
    Avoid(r"mends?", "fix, repair", "`--repair` mends"),
    Avoid(r"(?:is|are) away", "unavailable, not mounted", "a folder that is away"),
    Avoid(r"(?:go|goes|going) on", "continue, resume", "the run goes on"),
    Avoid(r"in work", "in progress", "the batch in work"),
    Avoid(r"(?:files?|images?|pictures?|it|they) (?:lie|lies|lay)", "be", "where the files lie"),
    Avoid(r"stands? (?:in(?! for)|beside|below|behind)", "be in, be below", "it stands in a table"),
    Avoid(r"(?:is|are) no (?:image|picture|error|problem|duplicate|number)s?", "not a", "it is no image"),
    Avoid(r"other \w+ than", "only, different from", "other languages than English"),
    Avoid(r"(?:made|make|makes) again", "rebuild, recompute", "indexes are made again"),
    Avoid(r"how (?:often|far|well) it does", "how well it works", "how well it does"),
    Avoid(r"graphics cards?", "GPU", "on a graphics card"),
    # American spelling.
    Avoid(r"towards|afterwards|amongst|whilst", "toward, afterward, among, while", "moves towards it"),
    Avoid(r"\w*(?:colour|behaviour|neighbour|favour|honour)\w*", "-or", "the colours"),
    Avoid(r"grey(?!hound)\w*|centres?|licence|catalogues?", "gray, center, license, catalog", "a grey image"),
    Avoid(r"(?:recogn|organ|normal|optim|initial|minim|maxim)is(?:e[sd]?|ing|ation)", "-ize", "recognised"),
    Avoid(r"analys(?:e[sd]?|ing)|(?:label|model|cancel)l(?:ed|ing)", "-yze, -eled", "labelled images"),
)  # fmt: skip

_CODE = (
    re.compile(r"<!-- (generated:\w+|bench):start -->.*?<!-- \1:end -->", re.DOTALL),
    re.compile(r"^ *(```|~~~).*?^ *\1", re.DOTALL | re.MULTILINE),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"(?<=\])\([^)\s]*\)"),
)
_INLINE = re.compile(r"`(?:[^`\n]|\n(?!\s*\n))+`")
_FIELD = re.compile(r"\{[^{}\n]*\}")
_COMPILED = [
    (one, re.compile(rf"\b(?:{one.pattern.replace(' ', chr(92) + 's+')})\b", re.IGNORECASE)) for one in AVOID
]
_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def blank(text: str) -> str:
    """As many lines, and nothing in them that could be a word."""
    return re.sub(r"[^\s]", "\0", text)


def prose(path: Path) -> str:
    """The text of a file, line by line as it is, with whatever is no prose blanked."""
    text = path.read_text(encoding="utf-8")
    python = path.suffix == ".py"
    for code in (_FIELD, _INLINE) if python else (*_CODE, _INLINE):
        text = code.sub(lambda match: blank(match[0]), text)
    return comments_and_strings(path, text) if python else text


def comments_and_strings(path: Path, text: str) -> str:
    """A module's text with all but its comments, docstrings and messages blanked; a lone word is a name."""
    rows = [list(row) for row in text.split("\n")]
    lines = [list(blank(row)) for row in text.split("\n")]
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            words = token.string.endswith('"""') and token.line.rstrip("\n").endswith('""".split()')
            if (
                token.type in _STRINGS and " " in token.string and not words
            ) or token.type == tokenize.COMMENT:
                for row in range(token.start[0] - 1, token.end[0]):
                    start = token.start[1] if row == token.start[0] - 1 else 0
                    end = token.end[1] if row == token.end[0] - 1 else len(rows[row])
                    lines[row][start:end] = rows[row][start:end]
                if token.type == tokenize.COMMENT:
                    lines[row][start] = " "
    return "\n".join(map("".join, lines))


def faults(path: Path) -> Iterator[str]:
    """What reads as translated in a file: line, words, and what to write instead."""
    text = prose(path)
    for one, pattern in _COMPILED:
        for match in pattern.finditer(text):
            line = text[: match.start()].count("\n") + 1
            yield f"line {line}: {' '.join(match[0].split())!r}; write: {one.instead}"


def tracked() -> list[Path]:
    """The files to check."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *CHECKED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


PAGES = tracked()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_uses_no_word_to_avoid(page: Path) -> None:
    """Outside of code, no phrase from the list is used."""
    assert list(faults(page)) == []


def test_prose_pages_were_found() -> None:
    """The README and pages in docs are among the files checked."""
    if not (ROOT / ".git").exists():
        pytest.skip("the git repository is missing, which lists the files")
    assert {ROOT / "README.md", ROOT / "docs" / "glossary.md"} <= set(PAGES)


@pytest.mark.parametrize("one", AVOID, ids=lambda one: one.example)
def test_prose_a_planted_phrase_is_caught(one: Avoid, tmp_path: Path) -> None:
    """Each entry finds its example, with the line, at the start of a sentence and across line breaks."""
    page = tmp_path / "page.md"
    words = one.example.replace(" ", "\n")
    page.write_text(f"# A page\n\nFine.\n\n{one.example.capitalize()}.\n\n- {words}\n")
    found = [fault for fault in faults(page) if fault.endswith(f"write: {one.instead}")]
    assert [fault.startswith("line 5:") for fault in found] == [True, False]


def test_prose_code_is_left_alone(tmp_path: Path) -> None:
    """Blocks, inline code, addresses of links, comments and generated parts may use any word."""
    page = tmp_path / "page.md"
    page.write_text(
        "`data.theme` and [clusters](how-to/clusters.md)\n\n```console\n$ saccade clusters\n4 themes\n```\n"
        "<!-- a theme -->\n<!-- generated:names:start -->\na theme\n<!-- generated:names:end -->\n"
        "is `x` told, by a look-alike\n"
    )
    assert list(faults(page)) == []


def test_prose_of_python_is_comments_docstrings_and_messages(tmp_path: Path) -> None:
    """Names and one-word strings are code; what is said in words is prose."""
    module = tmp_path / "module.py"
    module.write_text(
        '"""What is done\nanew."""\n\ntheme = {"theme": 1}  # a theme, not `theme`\n# for want\n# of memory\n'
        'raise ValueError(f"no {theme} at will")\n'
    )
    assert [fault.split(";")[0] for fault in faults(module)] == [
        "line 4: 'theme'",
        "line 7: 'at will'",
        "line 5: 'for want of'",
        "line 2: 'anew'",
    ]
