"""Write the parts of the reference that the code knows itself: `python docs/generate.py [--check]`.

A page holds marked places, `<!-- generated:NAME:start -->` to `<!-- generated:NAME:end -->`; what stands
between the marks is replaced. With --check nothing is written: the exit status is 1 if a page is stale.
"""
# ruff: noqa: INP001 - a script beside the pages it writes, not a package

import ast
import dataclasses
import inspect
import json
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

import saccade
from saccade import usecases
from saccade.core import errors
from saccade.core.filters import FIELDS, Kind, condition
from saccade.core.wire import Answer, schema_of
from saccade.doors.terminal.reporting import ERROR
from saccade.interfaces.cli.app import app
from saccade.sources.names import SYSTEM_FOLDERS
from saccade.sources.outcome import FORMATS
from saccade.sources.wire import Limits

REFERENCE = Path(__file__).parent / "reference"
SCHEMAS = Path(__file__).parent / "schemas"
_MARKS = re.compile(r"(<!-- generated:(\w+):start -->\n).*?(<!-- generated:\2:end -->)", re.DOTALL)
_WIDTH = 90
_OPERATORS = ("=", "==", "!=", "<", "<=", ">", ">=")
_EXAMPLES = {Kind.TEXT: "a", Kind.NUMBER: 1.0, Kind.TIME: "2024"}


def commands() -> str:
    """Every command with its help, as the terminal shows it."""
    settings = {**app.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    root = click.Context(app, info_name="saccade", **settings)
    sections = [_fenced(app.get_help(root))]
    for name in sorted(app.list_commands(root)):
        command = app.get_command(root, name)
        assert command is not None
        sections += _helps(command, name, root)
    return "\n\n".join(sections)


def _helps(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """The help of a command and of every command below it."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH)
    yield f"## {context.command_path}\n\n{_fenced(command.get_help(context))}"
    if isinstance(command, click.Group):
        for below, one in sorted(command.commands.items()):
            yield from _helps(one, below, context)


def error_table() -> str:
    """Every error code with its class and what the outside sees."""
    rows = [
        (f"`{code}`", f"`{kind.__name__}`", _first_line(kind), str(at.exit), str(at.http), str(at.mcp))
        for code, at in errors.STATUS.items()
        for kind in (_class_of(code),)
    ]
    return _table(("code", "class", "meaning", "exit", "HTTP", "MCP"), rows)


def filter_table() -> str:
    """Every field a filter can name, with its kind and operators."""
    rows = [
        (f"`{name}`", kind.value, " ".join(f"`{op}`" for op in _OPERATORS if _accepts(name, kind, op)))
        for name, kind in FIELDS.items()
    ]
    return _table(("field", "kind", "operators"), rows)


def format_list() -> str:
    """Formats that can be read, and folders that are left out."""
    formats = ", ".join(sorted(FORMATS))
    folders = ", ".join(f"`{name}`" for name in sorted(SYSTEM_FOLDERS))
    return f"Formats, as `format` shows them: {formats}.\n\nFolders left out, in any case: {folders}."


def limit_table() -> str:
    """What one picture may cost."""
    meanings = dict(_attributes(inspect.getdoc(Limits) or ""))
    rows = [(f"`{name}`", f"{value:,}", meanings[name]) for name, value in Limits()._asdict().items()]
    return _table(("limit", "value", "meaning"), rows)


def public_names() -> str:
    """Every public name with its signature and its own documentation."""
    found = ((name, getattr(saccade, name)) for name in saccade.__all__)
    return "\n\n".join(_documented(name, thing) for name, thing in found if not isinstance(thing, str))


def namespaces() -> str:
    """Every namespace of a library, as `Library` declares it, with its methods."""
    parts = []
    for name, member in vars(saccade.Library).items():
        if isinstance(member, cached_property) and not name.startswith("_"):
            module = import_module(f"saccade.usecases.{name}.api")
            parts.append(_documented(f"library.{name}", getattr(module, name.capitalize())))
    return "\n\n".join(parts)


def schema_tables() -> str:
    """The top level of what each command prints with --json."""
    return "\n\n".join(map(_schema, sorted(SCHEMAS.glob("*.json"))))


MAKERS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "errors": error_table,
    "fields": filter_table,
    "formats": format_list,
    "limits": limit_table,
    "names": public_names,
    "namespaces": namespaces,
    "schemas": schema_tables,
}


def generate(page: str) -> str:
    """The page with every marked place written again. Raises KeyError on a mark nobody fills."""
    return _MARKS.sub(lambda match: f"{match[1]}{MAKERS[match[2]]()}\n{match[3]}", page)


def answers() -> list[Answer]:
    """Every typed answer of every slice, by the name of its schema."""
    found: list[Answer] = []
    for slice_ in pkgutil.iter_modules(usecases.__path__):
        wire = f"{usecases.__name__}.{slice_.name}.wire"
        if find_spec(wire):
            found += import_module(wire).ANSWERS
    return sorted(found, key=lambda answer: answer.name)


def schemas() -> dict[str, str]:
    """{file name: text} of every schema in docs/schemas, made from the answers' types."""
    made = {
        f"{one.name}.json": schema_of(one.kind, title=f"{one.command} --json") for one in [*answers(), ERROR]
    }
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in sorted(made.items())}


def _write_schemas(*, check: bool) -> int:
    """Write or check the schemas; 1 if one was stale and only checked."""
    wanted = schemas()
    there = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    stale = [name for name in {*wanted, *there} if wanted.get(name) != there.get(name)]
    for name in sorted(stale):
        if check:
            sys.stderr.write(f"schemas/{name} is stale: run python docs/generate.py\n")
        elif name in wanted:
            (SCHEMAS / name).write_text(wanted[name], encoding="utf-8")
        else:
            (SCHEMAS / name).unlink()
    return int(check and bool(stale))


def main(args: Sequence[str]) -> int:
    """Write or check every schema and page; the exit status."""
    status = _write_schemas(check="--check" in args)
    for page in sorted(REFERENCE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        fresh = generate(text)
        if fresh == text:
            continue
        if "--check" in args:
            sys.stderr.write(f"{page.name} is stale: run python docs/generate.py\n")
            status = 1
        else:
            page.write_text(fresh, encoding="utf-8")
            sys.stdout.write(f"wrote {page.name}\n")
    return status


def _class_of(code: str) -> type[errors.SaccadeError]:
    pending = [errors.SaccadeError]
    while pending:
        kind = pending.pop()
        if kind.code == code:
            return kind
        pending.extend(kind.__subclasses__())
    raise KeyError(code)


def _accepts(name: str, kind: Kind, op: str) -> bool:
    try:
        condition(name, op, _EXAMPLES[kind])
    except errors.InvalidFilterError:
        return False
    return True


def _documented(name: str, thing: object) -> str:
    """A function or class with its public methods, each as a heading and a block of text."""
    if not inspect.isclass(thing):
        return f"### {name}\n\n{_fenced(_signature(thing) + _doc(thing))}"
    fields = [field.name for field in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
    head = f"fields: {', '.join(fields)}\n\n" if fields else ""
    parts = [f"### {name}\n\n{_fenced(head + (inspect.getdoc(thing) or ''))}"]
    members = {
        label: one
        for kind in reversed(thing.__mro__[:-1])
        if kind.__module__.startswith(saccade.__name__)
        for label, one in vars(kind).items()
    }
    for label, member in members.items():
        if label.startswith("_") or label in fields:
            continue
        if isinstance(member, property):
            parts.append(f"#### {name}.{label}\n\n{_fenced(_signature(member.fget) + _doc(member.fget))}")
        elif inspect.isfunction(member):
            parts.append(f"#### {name}.{label}\n\n{_fenced(_signature(member) + _doc(member))}")
    return "\n\n".join(parts)


def _signature(function: object) -> str:
    """The lines of a definition up to its colon, as the source has them."""
    assert inspect.isfunction(function)
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    lines = source.splitlines()[definition.lineno - 1 : definition.body[0].lineno - 1]
    return "\n".join(lines).rstrip().removesuffix(":") + "\n"


def _doc(thing: object) -> str:
    return "\n" + textwrap.indent(inspect.getdoc(thing) or "", "    ")


def _schema(path: Path) -> str:
    schema = json.loads(path.read_text(encoding="utf-8"))
    names = [one["$ref"].rpartition("/")[2] for one in schema.get("anyOf", ())]
    parts = [schema["$defs"][name] for name in names] or [schema]
    tables = [_object(part) for part in parts]
    head = f"### {path.stem}\n\n`{schema['title']}` ([schema](../schemas/{path.name}))"
    return "\n\n".join([head, *tables])


def _object(schema: dict[str, Any]) -> str:
    """An answer's meaning and fields."""
    rows = [
        (f"`{name}`", _kind(value), value.get("description", ""))
        for name, value in schema["properties"].items()
    ]
    return f"{schema['description']}\n\n{_table(('field', 'type', ''), rows)}"


def _kind(value: dict[str, object]) -> str:
    """A field's type in words."""
    if "$ref" in value:
        return "object"
    if "enum" in value:
        return "one of " + ", ".join(f"`{one}`" for one in value["enum"])  # type: ignore[attr-defined]
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"])  # type: ignore[attr-defined]
    kind, items = value.get("type", ""), value.get("items")
    if kind == "array":
        return f"list of {_kind(items)}s" if isinstance(items, dict) else "list"
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)


def _attributes(doc: str) -> Iterator[tuple[str, str]]:
    """(name, meaning) of each attribute a docstring lists."""
    for found in re.finditer(r"^    (\w+): (.+(?:\n {8}.+)*)", doc, re.MULTILINE):
        yield found[1], " ".join(found[2].split())


def _first_line(kind: type[errors.SaccadeError]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
