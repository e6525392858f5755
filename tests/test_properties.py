"""Every property test draws its examples as `tests/helpers/properties.py` says."""

import ast
from pathlib import Path

from hypothesis import settings

from tests.helpers.properties import MORE

ROOT = Path(__file__).parent


def test_examples_are_the_same_every_time_unless_asked_for_others() -> None:
    """A fixed seed and no database, so that a red `make test` is a change of ours; no deadline ever."""
    assert settings().derandomize == (MORE == 1)
    assert (settings().database is None) == (MORE == 1)
    assert settings().deadline is None


def test_no_test_makes_settings_of_its_own() -> None:
    """They would not follow the profile; `examples` does."""
    own = {ROOT / "helpers" / "properties.py", Path(__file__)}
    assert not [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if path not in own
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "hypothesis"
        if any(name.name == "settings" for name in node.names)
    ]
