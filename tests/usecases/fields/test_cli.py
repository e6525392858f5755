"""`saccade data` over a real catalog: what people read, what scripts read, how it ends."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from saccade.catalog import open_catalog
from saccade.core.ports import NewImage, SeenFile
from saccade.core.types import FileEntry, FileStamp, ImageInfo
from saccade.library import Library

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "data.json"
TABLE = "path,price,sku,tags\na.jpg,5,1,sun;sea\nb.jpg,7.5,A2,\nno.jpg,1,,\n"


@pytest.fixture
def photos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Library]:
    """A library in the current folder that holds a.jpg and b.jpg, and a table t.csv about them."""
    home = str(tmp_path)
    catalog = open_catalog(f"{home}/.saccade", create=True, home=home)
    folder, _ = catalog.files.ensure_folder(home)
    info = ImageInfo(width=4, height=3, format="JPEG", size_bytes=1)
    seen = [
        SeenFile(
            entry=FileEntry(path=f"{home}/{name}", stamp=FileStamp(size=1, mtime_ns=1)),
            image=NewImage(sha256=hashlib.sha256(name.encode()).digest(), info=info, embeddings={}),
        )
        for name in ("a.jpg", "b.jpg")
    ]
    catalog.files.record(catalog.runs.start("index"), folder, seen)
    catalog.close()

    def open_library(path: object = None, *, create: bool = True) -> Library:
        opened = open_catalog(f"{home}/.saccade", create=False, home=home)
        return Library(opened, f"{home}/.saccade", fresh=False)

    monkeypatch.setattr("saccade.library.open_library", open_library)
    (tmp_path / "t.csv").write_text(TABLE)
    with open_library() as library:
        yield library


def _closed(schema: object) -> object:
    """The schema, with unknown keys refused at every level."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if schema.get("type") == "object" else closed


def check(value: object) -> None:
    """The value fits docs/schemas/data.json and holds no key that it does not know."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, _closed(schema))


def test_import_tells_what_became_of_the_table(run: Callable[..., Any], photos: Library) -> None:
    """Columns on stdout as filters say them, rows left out on stderr."""
    ran = run("data", "import", "t.csv")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "data.price  numbers of 2 images",
        "data.sku    text of 2 images (no numbers: line 3 says 'A2')",
        "2 labels put on images: --where tag=LABEL",
        "3 rows read, 2 images imported",
    ]
    assert ran.err == "line 4: no image lies at 'no.jpg'\n"
    assert photos.values("price") == {hashlib.sha256(b"a.jpg").hexdigest(): 5.0,
                                      hashlib.sha256(b"b.jpg").hexdigest(): 7.5}  # fmt: skip


def test_a_dry_run_imports_nothing(run: Callable[..., Any], photos: Library) -> None:
    """And says so."""
    ran = run("data", "import", "t.csv", "--dry-run")
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "3 rows read, 2 images would be imported")
    assert photos.columns() == []


def test_list_remove_and_export(run: Callable[..., Any], photos: Library, tmp_path: Path) -> None:
    """As a person does it one after the other."""
    assert run("data", "list").err.startswith("no facts yet")
    run("data", "import", "t.csv")
    listed = run("data", "list").out.splitlines()
    assert [line.split() for line in listed] == [
        ["data.price", "numbers", "2", "images", "import"],
        ["data.sku", "text", "2", "images", "import"],
    ]
    assert run("data", "remove", "data.sku").out == "forgotten: data.sku of 2 images\n"
    ran = run("data", "export", "out.csv")
    assert (ran.status, ran.out) == (0, "exported: out.csv (2 images)\n")
    assert (tmp_path / "out.csv").read_bytes() == b"path,price,tags\r\na.jpg,5,sea;sun\r\nb.jpg,7.5,\r\n"
    assert run("data", "export", "out.csv").status == 2
    assert run("data", "export", "out.csv", "--overwrite").status == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["import", "none.csv"], "no such file"),
        (["import", "t.csv", "--key", "name"], "no image is called"),
        (["remove", "cost"], "no column 'cost'"),
    ],
)
def test_errors_are_a_line_and_what_to_do(
    run: Callable[..., Any], photos: Library, args: list[str], said: str
) -> None:
    """Exit status 2, nothing on stdout."""
    Path("t.csv").write_text("path,price\nc.jpg,1\n")
    ran = run("data", *args)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 2


def test_many_problems_are_told_in_part(run: Callable[..., Any], photos: Library, tmp_path: Path) -> None:
    """Twenty lines and how many more; scripts get all; nothing in a cell reaches the terminal as it is."""
    rows = "".join(f"no\x1b[31m{number}.jpg,1\n" for number in range(30))
    (tmp_path / "t.csv").write_text(f"path,price\na.jpg,1\n{rows}")
    ran = run("data", "import", "t.csv", "--json")
    assert len(ran.json()["problems"]) == 30
    assert len(ran.err.splitlines()) == 21
    assert "10 more" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("args", [["import", "t.csv"], ["list"], ["remove", "price"], ["export", "out.csv"]])
def test_json_output_fits_its_schema(run: Callable[..., Any], photos: Library, args: list[str]) -> None:
    """One object on the one line of stdout."""
    photos.import_data("t.csv")
    ran = run("data", *args, "--json")
    assert (ran.status, len(ran.out.splitlines())) == (0, 1)
    check(ran.json())


def test_the_check_refuses_a_key_the_schema_lacks() -> None:
    """The check itself can fail."""
    with pytest.raises(jsonschema.ValidationError):
        check({"removed": "price", "images": 1, "new": 2})
