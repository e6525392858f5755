"""`saccade fields` over a real catalog: what people read, what scripts read, how it ends."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.decoders import OpenDecoder
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.ports.indexes import IndexStore
from saccade.core.settings import Settings
from saccade.core.types import ImageInfo
from saccade.engine.context import LibraryContext
from saccade.engine.spaces import ActiveSpaces
from saccade.library.tools import LazyTools
from saccade.usecases.fields.api import Fields
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run, use_context

TABLE = "path,price,sku,tags\na.jpg,5,1,sun;sea\nb.jpg,7.5,A2,\nno.jpg,1,,\n"


@pytest.fixture
def photos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fields]:
    """The fields of a library in the current folder that holds a.jpg and b.jpg; a table t.csv about them."""
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
    context = LibraryContext(
        folder=f"{home}/.saccade",
        catalog=catalog,
        indexes=create_autospec(IndexStore, instance=True),
        spaces=create_autospec(ActiveSpaces, instance=True),
        open_decoder=create_autospec(OpenDecoder, instance=True),
        tools=LazyTools(),
        settings=Settings(),
        clock=lambda: 1_700_000_000.0,
    )
    use_context(monkeypatch, context)
    (tmp_path / "t.csv").write_text(TABLE)
    yield Fields(context)
    catalog.close()


def test_import_tells_what_became_of_the_table(run: Run, photos: Fields) -> None:
    """Columns on stdout as filters say them, rows left out on stderr."""
    ran = run("fields", "import", "t.csv")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "data.price  numbers of 2 images",
        "data.sku    text of 2 images (not numbers: line 3 has 'A2')",
        "2 labels added: --where tag=LABEL",
        "3 rows read, 2 images imported",
    ]
    assert ran.err == "line 4: no image at 'no.jpg'\n"
    assert dict(photos.values("price")) == {hashlib.sha256(b"a.jpg").hexdigest(): 5.0,
                                      hashlib.sha256(b"b.jpg").hexdigest(): 7.5}  # fmt: skip


def test_a_dry_run_imports_nothing(run: Run, photos: Fields) -> None:
    """And says so."""
    ran = run("fields", "import", "t.csv", "--dry-run")
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "3 rows read, 2 images would be imported")
    assert list(photos.list()) == []


def test_list_remove_and_export(run: Run, photos: Fields, tmp_path: Path) -> None:
    """As a person does it one after the other."""
    assert run("fields", "list").err.startswith("no fields yet")
    run("fields", "import", "t.csv")
    listed = run("fields", "list").out.splitlines()
    assert [line.split() for line in listed] == [
        ["data.price", "numbers", "2", "images", "import"],
        ["data.sku", "text", "2", "images", "import"],
    ]
    assert run("fields", "remove", "data.sku").out == "removed: data.sku of 2 images\n"
    ran = run("fields", "export", "out.csv")
    assert (ran.status, ran.out) == (0, "exported: out.csv (2 images)\n")
    assert (tmp_path / "out.csv").read_bytes() == b"path,price,tags\r\na.jpg,5,sea;sun\r\nb.jpg,7.5,\r\n"
    assert run("fields", "export", "out.csv").status == 2
    assert run("fields", "export", "out.csv", "--overwrite").status == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["import", "none.csv"], "no such file"),
        (["import", "t.csv", "--key", "name"], "no image is called"),
        (["remove", "cost"], "no column 'cost'"),
    ],
)
def test_errors_are_a_line_and_what_to_do(run: Run, photos: Fields, args: list[str], said: str) -> None:
    """Exit status 2, nothing on stdout."""
    Path("t.csv").write_text("path,price\nc.jpg,1\n")
    ran = run("fields", *args)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 2


def test_many_problems_are_told_in_part(run: Run, photos: Fields, tmp_path: Path) -> None:
    """Twenty lines and how many more; scripts get all; nothing in a cell reaches the terminal as it is."""
    rows = "".join(f"no\x1b[31m{number}.jpg,1\n" for number in range(30))
    (tmp_path / "t.csv").write_text(f"path,price\na.jpg,1\n{rows}")
    ran = run("fields", "import", "t.csv", "--json")
    assert len(ran.json()["problems"]) == 30
    assert len(ran.err.splitlines()) == 21
    assert "10 more" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("args", [["import", "t.csv"], ["list"], ["remove", "price"], ["export", "out.csv"]])
def test_json_output_fits_its_schema(run: Run, photos: Fields, args: list[str]) -> None:
    """One object on the one line of stdout."""
    photos.import_csv("t.csv")
    ran = run("fields", *args, "--json")
    assert (ran.status, len(ran.out.splitlines())) == (0, 1)
    check_json(ran.json(), f"fields-{args[0]}")
