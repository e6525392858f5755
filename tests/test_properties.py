"""Every property test runs under the profiles of `tests/helpers/properties.py`."""

import ast
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent
OWN = ROOT / "helpers" / "properties.py"


def test_profiles_draw_the_same_examples_unless_asked_for_others() -> None:
    """`make test`: a fixed seed, no database and no deadline. `make fuzz`: new examples, and many of them."""
    usual, fuzz = settings.get_profile("test"), settings.get_profile("fuzz")
    assert (usual.derandomize, usual.database, usual.deadline) == (True, None, None)
    assert (fuzz.derandomize, fuzz.deadline, fuzz.print_blob) == (False, None, True)
    assert fuzz.max_examples > usual.max_examples


def test_the_profile_is_in_force(request: pytest.FixtureRequest) -> None:
    """Without an option, tests run under "test"."""
    asked = request.config.getoption("--hypothesis-profile") or "test"
    assert settings().derandomize == settings.get_profile(asked).derandomize


def test_no_test_makes_settings_of_its_own() -> None:
    """They would not follow the profile: use `examples`."""
    bad = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if path not in {OWN, Path(__file__), ROOT / "conftest.py"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "hypothesis"
        if any(name.name == "settings" for name in node.names)
    ]
    assert not bad
