"""The house stands as drawn: imports point down, modules are small, and nothing heavy is loaded early."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "saccade"
MODULES = sorted(SOURCE.rglob("*.py"))
LINTER = Path(sys.executable).with_name("lint-imports")
HEAVY = ("onnxruntime", "faiss", "torch", "tokenizers", "numpy", "PIL", "pi_heif", "sqlalchemy", "alembic")


def lint(project: Path) -> "subprocess.CompletedProcess[str]":
    """Run import-linter over the package in `project`/src."""
    assert LINTER.exists(), "import-linter is missing: install the dev dependencies"
    command = [str(LINTER), "--no-cache", "--config", str(project / "pyproject.toml")]
    environment = os.environ | {"PYTHONPATH": str(project / "src"), "COLUMNS": "200"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the package and its contracts."""
    shutil.copytree(
        SOURCE, tmp_path / "src" / "saccade", ignore=shutil.ignore_patterns("weights", "__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down() -> None:
    """Every contract of pyproject.toml is kept."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/ranking.py", "import sqlite3", "Core and rules do no I/O"),
        ("core/types.py", "from saccade.core import vectors", "Inside core"),
        ("engine/query.py", "from saccade.catalog import sql", "House"),
        ("sources/names.py", "from saccade.indexes import flat", "House"),
        ("indexes/flat.py", "import sqlalchemy", "one door"),
        ("interfaces/cli/completion.py", "from saccade.sources import walk", "only through the library"),
    ],
)
def test_a_bad_import_is_caught(project: Path, module: str, line: str, contract: str) -> None:
    """The contracts are not empty words: planted in a copy, each breaks the one that forbids it."""
    file = project / "src" / "saccade" / module
    file.write_text(f"{file.read_text()}\n{line}\n")
    result = lint(project)
    assert result.returncode != 0
    assert any(contract in text and "BROKEN" in text for text in result.stdout.splitlines()), result.stdout


CATALOG = SOURCE / "catalog"
DIALECTS = {"sqlite", "migrations"}
"""The folders of the catalog that may know which database it is."""
STORES = [path for path in MODULES if path.is_relative_to(CATALOG) and not DIALECTS & set(path.parts)]
OF_SQLITE = re.compile(r"\b(PRAGMA|MATCH|fts5|bm25|json_each|json_extract|sqlite_sequence|INSERT OR)\b")


def sqlite_only(source: str) -> set[str]:
    """What a module says that no other database understands."""
    tree = ast.parse(source)
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    return {*OF_SQLITE.findall(source), *(imported & {"sqlite3"})}


@pytest.mark.parametrize("module", STORES, ids=lambda path: str(path.relative_to(CATALOG)))
def test_a_store_says_nothing_that_only_sqlite_understands(module: Path) -> None:
    """Another database needs a dialect of its own, and no change to a store."""
    assert not sqlite_only(module.read_text(encoding="utf-8"))


def test_what_only_sqlite_understands_is_noticed() -> None:
    """The check above can fail: SQLite's own modules do not pass it."""
    found = {word for path in (CATALOG / "sqlite").glob("*.py") for word in sqlite_only(path.read_text())}
    assert found >= {"PRAGMA", "MATCH", "fts5", "json_each", "sqlite3"}
    assert len(STORES) > 20


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_small_and_says_what_it_is(module: Path) -> None:
    """At most 400 lines, and a docstring, unless it is empty."""
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert not text.strip() or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_below_the_interfaces_prints_or_exits(module: Path) -> None:
    """Nor does any module read the environment or the clock while it is imported."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    below = module.relative_to(SOURCE).parts[0] not in {"interfaces", "__main__.py"}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if below and module.name != "worker.py":  # a worker is a process of its own
        assert not calls & {"print", "sys.exit", "exit", "quit", "os._exit"}
    top = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.If))]
    used = {ast.unparse(part) for node in top for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    assert not used & {"os.environ", "os.getenv", "time.time", "datetime.now"}


def modules(code: str) -> set[str]:
    """Modules that a fresh interpreter has loaded after running `code`."""
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stderr.split())


def loaded(code: str) -> set[str]:
    """The top-level ones of them."""
    return {name.split(".")[0] for name in modules(code)}


def test_importing_saccade_loads_nothing_heavy() -> None:
    """`import saccade` costs nothing; each name is loaded when first used."""
    assert not loaded("import saccade; dir(saccade); saccade.SaccadeError") & set(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["search", "--help"], ["index", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """A person who asks for help gets it at once."""
    code = f"from saccade.interfaces.cli import main\nassert main({arguments!r}) == 0"
    assert not loaded(code) & set(HEAVY)


def test_loading_numpy_is_noticed() -> None:
    """The check above can fail."""
    assert "numpy" in loaded("from saccade import Hit")


def test_opening_a_library_loads_no_heavy_engine() -> None:
    """A cold search by words pays for numpy, the database and one tower, not for clustering or pictures."""
    late = {"faiss", "scipy", "sklearn", "cv2", "openTSNE", "PIL"}
    assert not loaded("import saccade; saccade.open_library") & late


SEARCHES = """
import os, saccade
with saccade.open_library({home!r}) as library:
    library.search("a dog on the beach")
"""


def test_a_search_by_words_loads_little(tmp_path: Path) -> None:
    """Most of what a cold search takes is imports, and most of that is making dataclasses: see the bench."""
    found = modules(SEARCHES.format(home=str(tmp_path)))
    ours = {name for name in found if name.startswith("saccade")}
    late = ("sources", "core.quarantine", "core.status", "core.tables", "core.pixels", "library.demo")
    late += tuple(
        f"catalog.{store}" for store in ("tags", "pairs", "results", "feedback", "health", "erasing")
    )
    assert not {name for name in ours if name.startswith(tuple(f"saccade.{part}" for part in late))}
    assert {name.split(".")[2] for name in ours if name.startswith("saccade.usecases.")} == {"searching"}
    assert not found & {"faiss", "scipy", "sklearn", "cv2", "openTSNE", "PIL", "numpy.ma", "tomllib"}
    assert len(ours) <= 100
