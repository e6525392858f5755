"""Tables of facts: in, out, and whatever else can stand in a CSV file."""

import csv
import io
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saccade
from saccade.core.errors import DiskFullError, InputError, InvalidFilterError, PathNotFoundError
from saccade.core.ports.stores import Tag
from tests.helpers.properties import examples

Write = Callable[..., Path]


@pytest.fixture
def write(shelf: Path) -> Write:
    """Write a table beside the pictures 0.png to 4.png and trip/5.png."""

    def made(text: str | bytes, name: str = "t.csv") -> Path:
        path = shelf / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return made


def values(library: saccade.Library, name: str, shelf: Path) -> dict[str, float | str]:
    """{file: value} of a column."""
    return {
        os.path.relpath(library.show(image).paths[0], shelf): value
        for image, value in library.fields.values(name)
    }


def labels(library: saccade.Library, shelf: Path) -> dict[str, list[str]]:
    """{file: labels people gave}."""
    found = library.context.catalog.tags.of(list(range(1, 10)))
    records = {record.id: record for record in library.context.catalog.images.get(list(found))}
    return {
        os.path.relpath(records[image].paths[0], shelf): [tag.label for tag in tags]
        for image, tags in found.items()
    }


def told(library: saccade.Library, path: Path, **options: object) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in library.fields.import_csv(path, **options).problems]  # type: ignore[arg-type]


def test_a_table_becomes_facts_and_labels(library: saccade.Library, write: Write, shelf: Path) -> None:
    """Numbers where every value is one, else text; blank cells say nothing; paths as the table sees them."""
    text = (
        "path,Unit price (€),sku,day,tags\n"
        "0.png,12.5,007,2024-05-01,beach; sun\n"
        f"{shelf}/1.png,-3,11,,\n"
        "\n"
        "./trip/../trip/5.png,,x,2024-06-01,beach\n"
    )
    report = library.fields.import_csv(write(text))
    assert (report.rows, report.images, report.labels, report.dry_run) == (3, 3, 3, False)
    assert report.problems == ()
    assert [(one.name, one.header, one.kind, one.values) for one in report.columns] == [
        ("Unit_price", "Unit price (€)", "number", 2),
        ("sku", "sku", "text", 3),
        ("day", "day", "text", 2),
    ]
    assert report.columns[1].why == "line 2 has '007'"
    assert values(library, "Unit_price", shelf) == {"0.png": 12.5, "1.png": -3.0}
    assert values(library, "sku", shelf) == {"0.png": "007", "1.png": "11", "trip/5.png": "x"}
    assert values(library, "day", shelf) == {"0.png": "2024-05-01", "trip/5.png": "2024-06-01"}
    assert labels(library, shelf) == {"0.png": ["beach", "sun"], "trip/5.png": ["beach"]}
    assert [hit.path for hit in library.search("x", where=["data.Unit_price>0"])] == [str(shelf / "0.png")]
    assert len(library.search("x", where={"tag": "beach"})) == 2


@pytest.mark.parametrize("key", ["path", "id", "name"])
def test_rows_name_their_image_in_three_ways(
    library: saccade.Library, write: Write, shelf: Path, key: str
) -> None:
    """The column called so, wherever it stands; ids in any case, also by their first digits."""
    image = library.show(str(shelf / "trip" / "5.png")).image_id
    text = f"price,path,id,name\n7,trip/5.png,{image[:12].upper()},5.PNG\n"
    assert library.fields.import_csv(write(text), key=key).images == 1
    assert values(library, "price", shelf) == {"trip/5.png": 7.0}


def test_the_first_column_names_the_images_if_none_is_called_so(
    library: saccade.Library, write: Write, shelf: Path
) -> None:
    """And semicolons or tabs between cells do as well as commas."""
    library.fields.import_csv(write("photo;price\n0.png;1\n"))
    library.fields.import_csv(write("photo\tcost\n1.png\t2\n"))
    assert values(library, "price", shelf) == {"0.png": 1.0}
    assert values(library, "cost", shelf) == {"1.png": 2.0}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_spreadsheets_encodings_are_read(
    library: saccade.Library, write: Write, shelf: Path, encoding: str
) -> None:
    """And their line ends."""
    library.fields.import_csv(write("path,note\r\n0.png,Zoë\r\n".encode(encoding)))
    assert values(library, "note", shelf) == {"0.png": "Zoë"}


def test_bad_rows_cost_a_line_each(library: saccade.Library, write: Write, shelf: Path) -> None:
    """Each is told with its line, and everything else is imported."""
    table = write(
        b"path,price,note,,price\n"
        b"0.png,1e400,first,x,9\n"
        b"1.png,5,caf\xe9,,\n"
        b"no.png,6,lost,,\n"
        b'2.png,7,"never closed,,\n'
        b",8,nobody,,\n"
        b"3.png,9,a,b,c,d,e\n"
        b"4.png,10," + b"z" * 200_000 + b",,\n"
        b'4.png,11,"two\nlines",,\n'
        b"0.png,,second,,\n"
        b"trip/5.png,12,\0\n"
        b"trip/\0.png,13,\n"
    )
    found = told(library, table)
    assert [line for line, _ in found] == [1, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13]
    reasons = [reason for _, reason in found]
    for reason, said in zip(
        reasons,
        ["column 4 has no name", "like 'price'", "too large", "note is not UTF-8", "no image at",
         "a quote not closed", "has no image name", "7 cells; the header has 5", "field limit",
         "same picture as line 2, which has another note", "has no image name"],
        strict=True,
    ):  # fmt: skip
        assert said in reason
    assert values(library, "price", shelf) == {"1.png": 5.0, "4.png": 11.0, "trip/5.png": 12.0}
    assert values(library, "note", shelf) == {"0.png": "first", "4.png": "two\nlines", "trip/5.png": "\\x00"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no header"),
        (b"\n\n", "no header"),
        (b"path\n0.png\n", "has no data"),
        (b"path,price\n", "no row"),
        (b"path,price\nno.png,1\n", "no image at 'no.png'"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not a CSV file"),
        (b"PK\x03\x04\x14\x00", "not a CSV file"),
        (b'"path,price\n0.png,1\n', "no header"),
    ],
)
def test_what_is_no_table_is_refused(
    library: saccade.Library, write: Write, content: bytes, said: str
) -> None:
    """With what is wrong and what to do; nothing is forgotten for it."""
    library.fields.import_csv(write("path,price\n0.png,1\n"))
    with pytest.raises(InputError, match=said) as caught:
        library.fields.import_csv(write(content), replace=True)
    assert caught.value.hint
    assert len(dict(library.fields.values("price"))) == 1


def test_a_file_that_cannot_be_read_is_named(library: saccade.Library, shelf: Path) -> None:
    """A folder, or one that is not there."""
    with pytest.raises(PathNotFoundError, match=r"nothing\.csv"):
        library.fields.import_csv(shelf / "nothing.csv")
    with pytest.raises(InputError, match="directory"):
        library.fields.import_csv(shelf)
    with pytest.raises(InputError, match="unknown key"):
        library.fields.import_csv(shelf, key="color")


def test_ambiguous_names_are_told(library: saccade.Library, write: Write, shelf: Path) -> None:
    """Two pictures of one name are neither; the same picture twice is one."""
    (shelf / "trip" / "0.png").write_bytes((shelf / "1.png").read_bytes())
    (shelf / "trip" / "2.png").write_bytes((shelf / "2.png").read_bytes())
    library.index(shelf)
    table = write("name,price\n0.png,1\n2.png,2\n")
    assert told(library, table, key="name") == [(2, "2 images are called '0.png'")]
    assert list(dict(library.fields.values("price")).values()) == [2.0]


def test_the_same_picture_twice_must_agree(library: saccade.Library, write: Write, shelf: Path) -> None:
    """Facts are about pictures, not files: what one row lacks another may say."""
    (shelf / "copy.png").write_bytes((shelf / "0.png").read_bytes())
    library.index(shelf)
    table = write("path,price,note\n0.png,1,\ncopy.png,1,same\ncopy.png,2,same\n")
    assert told(library, table) == [(4, "it is the same picture as line 2, which has another price")]
    assert list(dict(library.fields.values("note")).values()) == ["same"]


def test_importing_again_adds_and_replacing_forgets(
    library: saccade.Library, write: Write, shelf: Path
) -> None:
    """Columns the table lacks stay in either case; labels are replaced on the table's images only."""
    library.fields.import_csv(write("path,price,cost,tags\n0.png,1,5,old\n1.png,2,,old\n2.png,,,old\n"))
    table = write("path,price,tags\n1.png,3,new\n2.png,,\n")
    library.fields.import_csv(table)
    assert values(library, "price", shelf) == {"0.png": 1.0, "1.png": 3.0}
    assert labels(library, shelf) == {"0.png": ["old"], "1.png": ["new", "old"], "2.png": ["old"]}
    library.fields.import_csv(table, replace=True)
    assert values(library, "price", shelf) == {"1.png": 3.0}
    assert values(library, "cost", shelf) == {"0.png": 5.0}
    assert labels(library, shelf) == {"0.png": ["old"], "1.png": ["new"]}


def test_a_column_keeps_its_kind_until_replaced(library: saccade.Library, write: Write, shelf: Path) -> None:
    """What is no number among numbers is told; digits among text are text."""
    library.fields.import_csv(write("path,price,sku\n0.png,1,A1\n"))
    later = write("path,price,sku\n1.png,cheap,22\n2.png,5,\n")
    assert told(library, later) == [(2, "price 'cheap' is not a number like the rest of the column")]
    assert values(library, "sku", shelf) == {"0.png": "A1", "1.png": "22"}
    library.fields.import_csv(later, replace=True)
    assert values(library, "price", shelf) == {"1.png": "cheap", "2.png": "5"}
    assert values(library, "sku", shelf) == {"1.png": 22.0}


def test_a_dry_run_tells_the_same_and_writes_nothing(library: saccade.Library, write: Write) -> None:
    """Also with replace."""
    table = write("path,price,tags\n0.png,1,x\nno.png,2,\n")
    planned = library.fields.import_csv(table, dry_run=True, replace=True)
    assert library.fields.list() == []
    assert library.context.catalog.tags.labels() == {}
    done = library.fields.import_csv(table, replace=True)
    assert (planned.rows, planned.images, planned.columns, planned.labels, planned.problems) == (
        done.rows, done.images, done.columns, done.labels, done.problems,
    )  # fmt: skip
    assert (planned.dry_run, done.dry_run) == (True, False)


def test_what_a_pipeline_wrote_is_not_overwritten(library: saccade.Library, write: Write) -> None:
    """Nor is anything else of the table written then; forgotten first, it is."""
    library.context.catalog.columns.write("cluster", {1: 3.0}, origin="clusters", replace=True)
    table = write("path,cluster,price\n0.png,1,1\n")
    with pytest.raises(InputError, match="clusters") as caught:
        library.fields.import_csv(table, replace=True)
    assert "saccade fields remove cluster" in caught.value.hint
    assert [column.name for column in library.fields.list()] == ["cluster"]
    assert library.fields.remove("cluster") == 1
    library.fields.import_csv(table)
    assert [(column.name, column.origin) for column in library.fields.list()] == [
        ("cluster", "import"), ("price", "import"),
    ]  # fmt: skip


def test_a_table_may_be_given_as_columns(
    library: saccade.Library, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists or arrays, as data frames give them; lines are those that a file of it would have."""
    monkeypatch.chdir(shelf)
    table = {
        "path": ["0.png", "1.png", "no.png"],
        "price": np.array([1.5, np.nan, 3.0]),
        "stock": [3, None, 2**60],
        "note": ["=x", 5, None],
    }
    report = library.fields.import_csv(table)
    assert [(one.line, one.reason) for one in report.problems] == [(4, "no image at 'no.png'")]
    assert values(library, "price", shelf) == {"0.png": 1.5}
    assert values(library, "stock", shelf) == {"0.png": 3.0}
    assert values(library, "note", shelf) == {"0.png": "=x", "1.png": "5"}
    with pytest.raises(InputError, match="differ in length"):
        library.fields.import_csv({"path": ["0.png"], "price": [1, 2]})


def test_unknown_columns_are_refused_with_the_known(library: saccade.Library, write: Write) -> None:
    """By every way to ask for one."""
    library.fields.import_csv(write("path,price\n0.png,1\n"))
    for ask in (library.fields.values, library.fields.remove):
        with pytest.raises(InvalidFilterError, match="cost") as caught:
            ask("cost")
        assert "price" in caught.value.hint
    with pytest.raises(InvalidFilterError, match="cost"):
        library.search("x", where=["data.cost<1"])


# --- out


def test_what_is_exported_is_harmless_and_comes_back(
    library: saccade.Library, write: Write, shelf: Path, tmp_path: Path
) -> None:
    """No cell begins like a formula but plain numbers; imported again, all is as it was."""
    os.rename(shelf / "0.png", shelf / "=cmd.png")
    os.rename(shelf / "1.png", os.fsencode(shelf) + b"/\xff,\n.png")
    library.index(shelf)
    first = write('path,note,price,tags\n./=cmd.png,"@SUM(A1)",-5,"=x;dog"\n2.png,\'=quoted,0.1,\n')
    library.fields.import_csv(first)
    library.context.catalog.columns.write("cluster", {5: 1e300}, origin="clusters", replace=True)
    table = shelf / "out.csv"
    assert library.fields.export(table) == 3
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8", errors="surrogateescape"))))
    assert rows[0] == ["path", "cluster", "note", "price", "tags"]
    cells = [cell for row in rows[1:] for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == ["-5"]
    before = {name: values(library, name, shelf) for name in ("note", "price", "cluster")}
    tags = labels(library, shelf)
    for name in before:
        library.fields.remove(name)
    library.context.catalog.tags.remove("person")
    assert library.fields.import_csv(table).problems == ()
    assert {name: values(library, name, shelf) for name in before} == before
    assert labels(library, shelf) == tags


def test_an_export_does_not_overwrite_unasked(library: saccade.Library, write: Write, shelf: Path) -> None:
    """And a failed one leaves what was there, and nothing beside it."""
    library.fields.import_csv(write("path,note\n0.png,\n1.png,x\n"))
    target = shelf / "out.csv"
    library.fields.export(target)
    before = target.read_bytes()
    with pytest.raises(InputError, match="exists"):
        library.fields.export(target)
    with pytest.raises(InputError, match="exists"):
        library.fields.export(shelf, overwrite=True)
    with pytest.raises(PathNotFoundError, match="nowhere"):
        library.fields.export(shelf / "nowhere" / "out.csv")
    library.fields.import_csv({"path": [str(shelf / "1.png")], "note": ["y" * 9000]}, replace=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DiskFullError):
            library.fields.export(target, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_bytes() == before
    assert [name for name in os.listdir(shelf) if "partial" in name] == []
    assert library.fields.export(target, overwrite=True) == 1
    assert target.read_bytes() != before


def test_an_export_leaves_out_what_machines_labeled(library: saccade.Library, shelf: Path) -> None:
    """They would come back as if a person had said it; images with nothing to say have no row."""
    library.context.catalog.tags.write("zero-shot", {"dog": (np.array([1]), np.array([0.5]))}, replace=True)
    assert library.fields.export(shelf / "out.csv") == 0
    assert library.context.catalog.tags.of([1]) == {1: [Tag(label="dog", origin="zero-shot", score=0.5)]}


@examples(60)
@given(
    st.lists(st.text(alphabet="a,;\"\n\r\t\0='\xe9", max_size=12), max_size=8).map("\n".join)
    | st.text(max_size=60)
)
def test_any_rest_of_a_file_leaves_the_good_row(library: saccade.Library, write: Write, rest: str) -> None:
    """Whatever follows it; and every line that holds a cell is a row or a problem of its own."""
    data = b"path,price\n0.png,5\n" + rest.encode("utf-8", "surrogatepass")
    report = library.fields.import_csv(write(data), replace=True)
    assert list(dict(library.fields.values("price")).values()) == [5.0]
    assert report.images == 1
    lines = {one.line for one in report.problems}
    assert len(lines) == len(report.problems) == report.rows - 1
