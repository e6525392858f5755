"""Changes the code in small ways, one at a time, and says which changes no test notices.

    python tools/mutants.py              the named mutants, and a sample of 40 others
    python tools/mutants.py --all        every mutant of the rules and of the code that must not lose anything
    python tools/mutants.py --only quarantine

A mutant is run in a copy of the tree against the tests that mirror its module, then against those of the
folders around it. One that a test fails on, or that never ends, is killed. Prints one line for each survivor,
and the score; exits with 1 if a named one survives.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = (
    "core/calibration.py", "core/metrics.py", "core/paths.py", "core/perceptual.py", "core/ranking.py",
    "core/ties.py", "core/vectors.py", "usecases/*/rules", "sources/quarantine.py", "sources/journal.py",
    "sources/whole_files.py", "usecases/tags/flow/files.py", "usecases/tags/flow/store.py",
    "catalog/recording.py", "catalog/erasing.py", "indexes/files.py",
)  # fmt: skip
"""The rules, and what puts things on the disk."""
AROUND = {
    "core": ("tests/engine", "tests/usecases/duplicates/rules"),
    "catalog": ("tests/contracts",),
    "indexes": ("tests/contracts/test_index_contract.py", "tests/engine"),
}
"""Besides the folder of the same name."""
MORE_TESTS = {
    "sources/decode.py": ("tests/sources/test_metadata.py",),
    "usecases/duplicates/flow/finding.py": ("tests/usecases/duplicates/flow/finding/test_loose.py",),
    "sources/quarantine.py": ("tests/sources/test_quarantine.py", "tests/survival/test_quarantine_kill.py"),
    "sources/journal.py": (
        "tests/usecases/duplicates/flow/applying",
        "tests/survival/test_quarantine_kill.py",
    ),
    "catalog/recording.py": ("tests/contracts/catalog", "tests/catalog/test_model.py"),
    "catalog/erasing.py": (
        "tests/contracts/stores/test_erasing_contract.py",
        "tests/library/test_forgetting.py",
    ),
    "indexes/files.py": ("tests/indexes/test_files.py", "tests/contracts/test_index_contract.py"),
}
SEED = 20261127
LIMIT_S = 300
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
SIGNS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Add: "+",
    ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.And: "and", ast.Or: "or",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change: the module below src/saccade, its line, the change in words, and the module's new text."""

    module: str
    line: int
    change: str
    text: str


NAMED = (
    ("sources/quarantine.py", "    sync_folders([target])\n    os.unlink(source)\n",
     "    os.unlink(source)\n    sync_folders([target])\n", "unlink before the folder is synced"),
    ("sources/quarantine.py", "        os.fsync(copy.fileno())\n", "", "no fsync of the copy"),
    ("usecases/tags/flow/files.py",
     "    manifest.announce(change)\n    context.tools.write_whole(path, [fresh], like=path)\n",
     "    context.tools.write_whole(path, [fresh], like=path)\n    manifest.announce(change)\n",
     "manifest written after the change"),
    ("usecases/duplicates/flow/finding.py", "one >= lowest[0] and other >= lowest[1]",
     "one >= lowest[0] or other >= lowest[1]", "burst and scene: and -> or"),
    ("usecases/tags/flow/store.py", "            catalog.tags.remove(origin, name, among)\n",
     "            pass\n", "keep=True no longer replaces"),
    ("sources/decode.py", "orientation >= 5", "orientation > 5", "size of orientation 5"),
)  # fmt: skip
"""(module, text, its replacement, name): mutants that once survived."""


def named() -> Iterator[Mutant]:
    """The named mutants; a text that is not there exactly once is an error of this list."""
    for module, old, new, name in NAMED:
        text = (ROOT / "src" / "saccade" / module).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{module}: {old!r} is there {text.count(old)} times; renew the list of mutants")
        line = text[: text.index(old)].count("\n") + 1
        yield Mutant(module=module, line=line, change=name, text=text.replace(old, new))


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a module: another comparison, sign or connective, a number more, a call left out."""
    module = str(path.relative_to(ROOT / "src" / "saccade"))
    text = path.read_text()
    for number, node in enumerate(ast.walk(ast.parse(text))):
        for change in _changes(node):
            tree = ast.parse(text)
            twin = next(one for place, one in enumerate(ast.walk(tree)) if place == number)
            said = _changed(twin, change)
            yield Mutant(
                module=module, line=getattr(node, "lineno", 0), change=said, text=ast.unparse(tree) + "\n"
            )


def _changes(node: ast.AST) -> Iterator[int]:
    """Which changes a node allows, by number."""
    if isinstance(node, ast.Compare):
        yield from (place for place, one in enumerate(node.ops) if type(one) in SWAPS)
        return
    operator = isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in SWAPS
    figure = isinstance(node, ast.Constant) and type(node.value) in {int, float}
    call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if operator or figure or call:
        yield 0


def _changed(node: ast.AST, change: int) -> str:
    """Change it in place; what was changed, in words."""
    if isinstance(node, ast.Compare):
        old = node.ops[change]
        node.ops[change] = SWAPS[type(old)]()  # type: ignore[call-overload]
        return f"{SIGNS[type(old)]} -> {SIGNS[type(node.ops[change])]}"
    if isinstance(node, (ast.BinOp, ast.BoolOp)):
        was = node.op
        node.op = SWAPS[type(was)]()  # type: ignore[assignment]
        return f"{SIGNS[type(was)]} -> {SIGNS[type(node.op)]}"
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        before, node.value = node.value, node.value + 1
        return f"{before} -> {node.value}"
    assert isinstance(node, ast.Expr)
    left_out = ast.unparse(node)
    node.value = ast.Constant(value=None)
    return f"without {left_out[:60]}"


def tests_of(module: str) -> list[list[str]]:
    """The tests that mirror a module, then those of everything around it, which are slower."""
    path = Path(module)
    mirrored = (Path("tests") / path.parent / f"test_{path.name}", Path("tests") / path.parent)
    near = MORE_TESTS.get(module) or (str(next(place for place in mirrored if (ROOT / place).exists())),)
    around = Path(*path.parts[:2]) if path.parts[0] == "usecases" else Path(path.parts[0])
    return [list(near), [str(Path("tests") / around), *AROUND.get(path.parts[0], ())]]


def survives(mutant: Mutant, tree: Path) -> bool:
    """Whether its tests pass all the same."""
    target = tree / "src" / "saccade" / mutant.module
    whole = target.read_text()
    target.write_text(mutant.text)
    try:
        return all(passes(some, tree) for some in tests_of(mutant.module))
    finally:
        target.write_text(whole)


def passes(tests: list[str], tree: Path) -> bool:
    """Whether these tests pass in the tree; slow ones are left out."""
    options = ["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:randomly"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests], cwd=tree, capture_output=True, check=False,
            timeout=LIMIT_S,
            env={**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def chosen(pattern: str, everything: bool, count: int) -> list[Mutant]:
    """The mutants to try besides the named ones."""
    found: list[Mutant] = []
    for place in PLACES:
        for path in sorted((ROOT / "src" / "saccade").glob(place)):
            for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                found += mutants(module) if pattern in str(module) else ()
    if everything or len(found) <= count:
        return found
    return sorted(random.Random(SEED).sample(found, count), key=lambda one: (one.module, one.line))


def main() -> int:
    """Try them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample")
    parser.add_argument("--count", type=int, default=40, help="size of the sample")
    parser.add_argument("--only", default="", metavar="TEXT", help="modules whose path contains this")
    wanted = parser.parse_args()
    lost = survivors = 0
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        kept = shutil.ignore_patterns(
            ".git", ".venv*", "build", "dist", "__pycache__", ".saccade", "saccade-demo"
        )
        shutil.copytree(ROOT, tree, ignore=kept, symlinks=True)
        first = [one for one in named() if wanted.only in one.module]
        rest = chosen(wanted.only, wanted.all, wanted.count)
        for number, mutant in enumerate([*first, *rest]):
            if survives(mutant, tree):
                survivors += 1
                lost += number < len(first)
                print(f"survives: {mutant.module}:{mutant.line}: {mutant.change}", flush=True)
    total = len(first) + len(rest)
    print(f"killed {total - survivors} of {total} ({len(first) - lost} of {len(first)} named)")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
