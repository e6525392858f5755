"""Labels as people write them: every form says the same, and what is wrong is named."""

from pathlib import Path

import pytest

from saccade.core.errors import InputError, PathNotFoundError
from saccade.usecases.tags.flow.taxonomy import labels_of, read_labels

FORMS = {
    "list.txt": "# mine\nanimal\n  dog: puppy, hound\n\n  cat   # the small ones\nbeach\n",
    "paths.txt": "animal\nanimal/dog: puppy, hound\nanimal / cat\nbeach\n",
    "table.csv": "label,parent,synonyms\nanimal,,\ndog,animal,puppy; hound\ncat,animal,\nbeach,,\n",
    "tree.toml": '[animal]\n[animal.dog]\nsynonyms = ["puppy", "hound"]\n[animal.cat]\n[beach]\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_the_same(tmp_path: Path, name: str) -> None:
    """A list, paths, a table and TOML give the same labels in the same order."""
    file = tmp_path / name
    file.write_text(FORMS[name], encoding="utf-8")
    labels = read_labels(str(file), None).labels
    assert [label.path for label in labels] == ["animal", "animal/dog", "animal/cat", "beach"]
    assert labels[1].texts == ("dog", "puppy", "hound")


def test_what_is_embedded_is_the_last_name() -> None:
    """Underscores are blanks; parents are not part of the text."""
    assert labels_of(["vehicle/fire_engine"], None).labels[0].texts == ("fire engine",)


def test_synonyms_in_other_languages_are_left_out_and_reported() -> None:
    """An encoder that reads English gets no German; one of which nothing is known gets all."""
    made = labels_of(["dog: de:Hund, en:hound, pt-BR:cachorro"], ("en",))
    assert made.labels[0].texts == ("dog", "hound")
    assert "'de'" in made.notes[0]
    assert "'pt-BR'" in made.notes[0]
    every = labels_of(["dog: de:Hund"], None)
    assert every.labels[0].texts == ("dog", "Hund")
    assert every.notes == ()


def test_languages_in_toml(tmp_path: Path) -> None:
    """A language's code is a list of its own."""
    file = tmp_path / "labels.toml"
    file.write_text('[dog]\nde = ["Hund"]\n', encoding="utf-8")
    assert read_labels(str(file), None).labels[0].texts == ("dog", "Hund")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "has no labels"),
        ("a.txt", b"# only a remark\n", "has no labels"),
        ("a.txt", b"dog\ncat\nDOG\n", "repeated: line 1 and line 3"),
        ("a.txt", b"dog//cat\n", "line 1 is an empty label"),
        ("a.txt", b": puppy\n", "line 1 is an empty label"),
        ("a.txt", b"caf\xe9\n", "not UTF-8 (byte 3)"),
        ("a.txt", b"x" * 300, "300 characters"),
        ("a.txt", b"a\x1bb\n", "cannot be printed"),
        ("a.csv", b"name\ndog\n", "no column called label"),
        ("a.toml", b"[dog\n", "not TOML"),
        ("a.toml", b"dog = 1\n", "'dog' is not a table"),
        ("a.toml", b"[dog]\nweight = 1\n", "unknown key 'weight'"),
        ("a.toml", b"[dog]\nsynonyms = 1\n", "not a list of texts"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """The message says where and what."""
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_labels(str(file), None)
    assert said in caught.value.message


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing file, a folder, and one that is far too long."""
    with pytest.raises(PathNotFoundError):
        read_labels(str(tmp_path / "none.txt"), None)
    with pytest.raises(InputError, match="is a folder"):
        read_labels(str(tmp_path), None)
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(5 << 20)
    with pytest.raises(InputError, match="longer than 4 MB"):
        read_labels(str(huge), None)


def test_too_many_labels() -> None:
    """A list that can be no list of labels is refused."""
    with pytest.raises(InputError, match="20,001 labels"):
        labels_of([f"label {number}" for number in range(20_001)], None)
    with pytest.raises(InputError, match="no label was given"):
        labels_of([], None)


def test_a_byte_order_mark_is_no_part_of_a_label(tmp_path: Path) -> None:
    """As Windows editors write it."""
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfdog\r\ncat\r\n")
    assert [label.path for label in read_labels(str(file), None).labels] == ["dog", "cat"]
