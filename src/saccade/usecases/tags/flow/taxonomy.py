"""Reads labels from a list, an indented list, a CSV table or a TOML file, and validates them.

A line of an indented list is `NAME: synonym, synonym, de:Synonym`; entries indented below it are its
children. A path ("animal/dog") is the same in one line. In CSV the columns are label, parent and synonyms
(separated by ";"). In TOML every table is a label, `synonyms` is a list, and a language's code is a list as
well.
"""

import csv
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from saccade.core.errors import InputError, PathNotFoundError
from saccade.core.pictures import Path
from saccade.engine.inputs import absolute
from saccade.usecases.tags.rules.reports import LONGEST_LABEL, Label, Taxonomy

_MOST_BYTES = 4 << 20
_MOST_LABELS = 20_000
_MOST_TEXTS = 50
_CODED = re.compile(r"([a-z]{2,3}(?:-[A-Za-z]{2,4})?):(?!/)\s*(\S.*)")
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_SPLIT = re.compile(r"\s*/\s*")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A label as read: path, synonyms (optionally with a language code), and its location."""

    path: str
    synonyms: tuple[str, ...]
    place: str


def taxonomy_of(labels: Sequence[str] | Path, languages: Sequence[str] | None) -> Taxonomy:
    """Labels given one by one, or the path of a file with labels; see `labels_of` and `read_labels`."""
    if not isinstance(labels, Sequence) or isinstance(labels, str):
        return read_labels(absolute([labels])[0], languages)
    return labels_of(labels, languages)


def labels_of(names: Sequence[str], languages: Sequence[str] | None) -> Taxonomy:
    """Labels given one by one, each written like a line of a list.

    Args:
        languages: codes of those the encoder reads; None if unknown, then all are used.
    """
    return _checked([_line(name, f"label {place}") for place, name in enumerate(names, 1)], languages)


def read_labels(path: str, languages: Sequence[str] | None) -> Taxonomy:
    """The labels of a file: .toml, .csv, or else a list.

    Raises:
        PathNotFoundError: no such file.
        InputError: it cannot be read as labels; the message says which line and why.
    """
    text = _text(path)
    kind = os.path.splitext(path)[1].lower()
    if kind == ".toml":
        try:
            entries = list(_of_toml(tomllib.loads(text), ""))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path} is not TOML: {error}", hint="see docs/how-to/tags.md") from error
    elif kind == ".csv":
        entries = list(_of_csv(text, path))
    else:
        entries = list(_of_list(text))
    if not entries:
        raise InputError(f"{path} has no labels", hint="write one label per line")
    return _checked(entries, languages)


def _text(path: str) -> str:
    try:
        if os.path.isdir(path):
            raise InputError(f"{path} is a folder", hint="give a file with one label per line")
        if os.path.getsize(path) > _MOST_BYTES:
            raise InputError(
                f"{path} is longer than {_MOST_BYTES >> 20} MB", hint="is it the file of labels you meant?"
            )
        with open(path, "rb") as file:
            raw = file.read()
        return raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise PathNotFoundError(f"no such file: {path}", hint="check the spelling") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 (byte {error.start})", hint="save it as UTF-8 in your editor"
        ) from error


def _line(text: str, place: str) -> _Entry:
    """`NAME: synonym, synonym`."""
    name, _, rest = text.partition(":")
    return _Entry(name, tuple(part.strip() for part in rest.split(",") if part.strip()), place)


def _of_list(text: str) -> Iterator[_Entry]:
    """Lines; deeper ones are children of the line above."""
    above: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].rstrip()
        if not line.strip():
            continue
        depth = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        entry = _line(line.strip(), f"line {number}")
        path = f"{above[-1][1]}/{entry.path}" if above else entry.path
        above.append((depth, path))
        yield _Entry(path, entry.synonyms, entry.place)


def _of_csv(text: str, path: str) -> Iterator[_Entry]:
    rows = csv.DictReader(text.splitlines())
    if "label" not in (rows.fieldnames or ()):
        raise InputError(
            f"{path} has no column called label",
            hint="the first line names the columns: label,parent,synonyms",
        )
    parents: dict[str, str] = {}
    for row in rows:
        name, parent = (row["label"] or "").strip(), (row.get("parent") or "").strip()
        whole = f"{parents.get(parent, parent)}/{name}" if parent else name
        parents.setdefault(name, whole)
        synonyms = tuple(part.strip() for part in (row.get("synonyms") or "").split(";") if part.strip())
        yield _Entry(whole, synonyms, f"line {rows.line_num}")


def _of_toml(table: Mapping[str, object], above: str) -> Iterator[_Entry]:
    for name, value in table.items():
        path = f"{above}/{name}" if above else name
        if not isinstance(value, Mapping):
            if not above:
                raise InputError(f"{name!r} is not a table", hint="write [LABEL], and its synonyms below it")
            continue
        synonyms: list[str] = []
        for key, texts in value.items():
            if isinstance(texts, Mapping):
                continue
            if key != "synonyms" and _CODE.fullmatch(key) is None:
                raise InputError(
                    f"[{path}] has an unknown key {key!r}", hint="known: synonyms, or a language's code"
                )
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise InputError(
                    f"{key} of [{path}] is not a list of texts", hint=f'write {key} = ["...", "..."]'
                )
            synonyms += [text if key == "synonyms" else f"{key}:{text}" for text in texts]
        yield _Entry(path, tuple(synonyms), f"[{path}]")
        yield from _of_toml(value, path)


def _checked(entries: Sequence[_Entry], languages: Sequence[str] | None) -> Taxonomy:
    """The labels, each once, with the texts that the encoder can read."""
    if not entries:
        raise InputError("no label was given", hint="give --label NAME, or --labels FILE")
    if len(entries) > _MOST_LABELS:
        raise InputError(f"{len(entries):,} labels are more than {_MOST_LABELS:,}", hint="split the list")
    seen: dict[str, str] = {}
    left_out: dict[str, int] = {}
    labels = []
    for entry in entries:
        path = "/".join(part.strip() for part in _SPLIT.split(entry.path.strip()))
        _check_name(path, entry.place)
        if path.casefold() in seen:
            raise InputError(
                f"the label {path!r} is repeated: {seen[path.casefold()]} and {entry.place}",
                hint="keep one; other names for it are synonyms",
            )
        seen[path.casefold()] = entry.place
        texts = [path.rsplit("/", 1)[-1].replace("_", " ")]
        for synonym in entry.synonyms[:_MOST_TEXTS]:
            coded = _CODED.fullmatch(synonym)
            if coded and languages is not None and coded[1].split("-")[0] not in languages:
                left_out[coded[1]] = left_out.get(coded[1], 0) + 1
            else:
                texts.append(coded[2] if coded else synonym)
        labels.append(Label(path=path, texts=tuple(dict.fromkeys(texts))))
    notes: tuple[str, ...] = ()
    if left_out:
        codes = ", ".join(f"{count} in {code!r}" for code, count in sorted(left_out.items()))
        notes = (f"this encoder reads only {', '.join(languages or ())}: synonyms left out: {codes}",)
    return Taxonomy(labels=tuple(labels), notes=notes)


def _check_name(path: str, place: str) -> None:
    if not path or not all(path.split("/")):
        raise InputError(f"{place} is an empty label", hint="write a word, or remove it")
    if len(path) > LONGEST_LABEL:
        raise InputError(f"{place} has {len(path)} characters, more than {LONGEST_LABEL}: {path[:40]}...")
    if not path.isprintable():
        raise InputError(f"{place} has characters that cannot be printed: {path!r}")
