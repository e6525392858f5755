"""What `--json` prints, held against the schema made from its typed answer."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import jsonschema

import saccade.usecases
from saccade.core.wire import Answer, Json, schema_of
from saccade.doors.terminal.reporting import ERROR


@cache
def answers() -> Mapping[str, Answer]:
    """{name: answer} of every slice's wire module, and of errors."""
    modules = [
        f"{saccade.usecases.__name__}.{one.name}.wire"
        for one in pkgutil.iter_modules(saccade.usecases.__path__)
    ]
    found = [answer for module in modules if find_spec(module) for answer in import_module(module).ANSWERS]
    return {one.name: one for one in [*found, ERROR]}


def schema(name: str) -> dict[str, Json]:
    """The schema of an answer; it knows every key there may be."""
    answer = answers()[name]
    made = schema_of(answer.kind, title=f"{answer.command} --json")
    jsonschema.Draft202012Validator.check_schema(made)
    return made


def check_json(value: object, name: str) -> None:
    """The value fits the answer of that name, and holds no key that it does not know."""
    jsonschema.validate(value, schema(name), cls=jsonschema.Draft202012Validator)
