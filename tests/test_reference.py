"""The reference pages say what the code says."""

import runpy
from pathlib import Path

import pytest

from saccade.sources.outcome import CODES

DOCS = Path(__file__).parents[1] / "docs"
GENERATOR = runpy.run_path(str(DOCS / "generate.py"))
PAGES = sorted((DOCS / "reference").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_reference_generated_parts_are_fresh(page: Path) -> None:
    """Running docs/generate.py again would change nothing."""
    text = page.read_text(encoding="utf-8")
    assert GENERATOR["generate"](text) == text


def test_reference_every_maker_is_used() -> None:
    """Whatever can be generated stands in a page."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in GENERATOR["MAKERS"] if f"<!-- generated:{name}:start -->" not in text] == []


def test_reference_a_stale_page_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    """A changed generated part is not what the generator writes."""
    text = (DOCS / "reference" / "filters.md").read_text(encoding="utf-8")
    stale = text.replace("| `taken` |", "| `token` |")
    assert stale != text
    assert GENERATOR["generate"](stale) == text


@pytest.mark.parametrize("code", sorted(CODES))
def test_reference_every_failure_code_is_explained(code: str) -> None:
    """Each code a file can fail with has a row in failures.md."""
    assert f"| `{code}` |" in (DOCS / "reference" / "failures.md").read_text(encoding="utf-8")


def test_reference_schemas_are_those_of_the_answers() -> None:
    """docs/schemas holds what the typed answers say, and nothing else."""
    there = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "schemas").glob("*.json")}
    assert there == GENERATOR["schemas"]()
