"""What every encoder must do, whatever computes it."""

import json
import shutil
import threading
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from saccade.core.errors import EncoderUnavailableError, InvalidVectorError
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Role
from saccade.core.vectors import check_embeddings
from saccade.encoders.onnx import OnnxEncoder
from saccade.encoders.registry import known_encoders, load

WEIGHTS = Path(str(files("saccade.encoders"))) / "weights"
NAUGHTY = {
    "empty": "",
    "blank": " \t\n ",
    "zero byte": "a\0cat",
    "emoji": "🐈‍⬛ 👩‍👩‍👧 🏴‍☠️",
    "right to left": "كلب على الشاطئ \u202e dog",
    "unknown letters": "ᚠᛇᚻ ꧁ 𒀀",
    "combining": "e" + "\u0301" * 500,
    "lone surrogate": "caf\udce9 \ud800",
    "one long word": "x" * 100_000,
    "many words": "a dog " * 17_000,
    "markup": "[CLS] [SEP] [MASK] <s> </s> [PAD] [UNK]",
}


@pytest.fixture(scope="module", params=known_encoders())
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder there is, by name."""
    return load(request.param, threads=1)


def pixels(encoder: Encoder, count: int, seed: int = 5) -> np.ndarray:
    """Smooth random pictures of the size the encoder wants."""
    size = encoder.info.recipe.size
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 7, 7, 3), np.uint8)
    where = np.arange(size) * 7 // size
    return np.ascontiguousarray(coarse[:, where][:, :, where])


def test_info_says_what_it_is(encoder: Encoder) -> None:
    """A fingerprint, a dimension for each role, an input, a license."""
    info = encoder.info
    assert info.name in known_encoders()
    assert len(bytes.fromhex(info.fingerprint)) == 32
    assert all(isinstance(role, Role) for role in info.dims)
    assert all(dim > 0 for dim in info.dims.values())
    assert info.recipe.size > 0
    assert info.license
    assert info.copy_threshold is None or -1 < info.copy_threshold < 1
    assert load(info.name, threads=2).info == info


def test_pictures_become_unit_rows_of_every_role(encoder: Encoder) -> None:
    """(n, d) float32, C order, finite, of length 1; different pictures differ."""
    rows = encoder.encode_pixels(pixels(encoder, 5))
    assert set(rows) == set(encoder.info.dims)
    for role, dim in encoder.info.dims.items():
        assert check_embeddings(rows[role], dim) is rows[role]
        assert len(rows[role]) == 5
        assert (rows[role] @ rows[role].T - np.eye(5)).max() < 0.999


def test_the_same_pixels_give_the_same_bits(encoder: Encoder) -> None:
    """In this process and from an encoder loaded anew with other threads; the input is left as it is."""
    given = pixels(encoder, 3)
    before = given.copy()
    first, again = encoder.encode_pixels(given), encoder.encode_pixels(given)
    other = load(encoder.info.name, threads=2).encode_pixels(given)
    for role in first:
        np.testing.assert_array_equal(first[role], again[role])
        np.testing.assert_allclose(first[role], other[role], atol=1e-5)
    np.testing.assert_array_equal(given, before)


def test_a_batch_of_pictures_is_each_alone(encoder: Encoder) -> None:
    """Within 1e-5: an embedding must not depend on its neighbors in a batch."""
    given = pixels(encoder, 9)
    batch = encoder.encode_pixels(given)
    for number in range(9):
        alone = encoder.encode_pixels(given[number : number + 1])
        for role in batch:
            np.testing.assert_allclose(alone[role][0], batch[role][number], atol=1e-5)


def test_a_batch_of_texts_is_each_alone(encoder: Encoder) -> None:
    """Whatever the longest of them is; also past the size of one inner batch."""
    texts = ["a dog", "a cat on a table in the kitchen near the window", "", "red", "rot " * 60] * 14
    batch = encoder.encode_texts(texts)
    assert batch.shape == (70, encoder.info.dims[Role.SEMANTIC])
    for number in range(5):
        np.testing.assert_allclose(encoder.encode_texts([texts[number]])[0], batch[number], atol=1e-5)
        np.testing.assert_allclose(batch[number::5], np.tile(batch[number], (14, 1)), atol=1e-5)


def test_nothing_gives_no_rows(encoder: Encoder) -> None:
    """(0, d) for each role and for texts."""
    rows = encoder.encode_pixels(pixels(encoder, 0))
    assert {role: row.shape for role, row in rows.items()} == {
        role: (0, dim) for role, dim in encoder.info.dims.items()
    }
    assert encoder.encode_texts([]).shape == (0, encoder.info.dims[Role.SEMANTIC])


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_any_text_has_an_embedding(encoder: Encoder, text: str) -> None:
    """Finite, of length 1, the same every time, and the same in any company."""
    row = encoder.encode_texts([text])
    check_embeddings(row, encoder.info.dims[Role.SEMANTIC])
    np.testing.assert_array_equal(row, encoder.encode_texts([text]))
    np.testing.assert_allclose(row[0], encoder.encode_texts(["a dog", text])[1], atol=1e-5)


def test_texts_say_something(encoder: Encoder) -> None:
    """Case does not matter; other words do."""
    dog, upper, car = encoder.encode_texts(["a dog", "A DOG", "a car in the city"])
    assert dog @ upper > 0.99
    assert dog @ car < 0.9


@pytest.mark.parametrize(
    "spoil",
    [
        lambda given: given[0],
        lambda given: given[:, :-1],
        lambda given: given[..., :1],
        lambda given: given.astype(np.float32),
        lambda given: given.astype(np.int64),
        lambda given: given.transpose(0, 3, 1, 2),
    ],
    ids=["one picture", "too low", "gray", "float", "int64", "channels first"],
)
def test_pixels_of_another_shape_or_kind_are_refused(encoder: Encoder, spoil: object) -> None:
    """Expected and got are in the message."""
    size = encoder.info.recipe.size
    with pytest.raises(InvalidVectorError, match=rf"\(n, {size}, {size}, 3\) uint8"):
        encoder.encode_pixels(spoil(pixels(encoder, 2)))  # type: ignore[operator]


def test_pixels_that_are_not_contiguous_are_taken(encoder: Encoder) -> None:
    """A mirrored view is the mirrored picture."""
    given = pixels(encoder, 2)
    view, copy = given[:, :, ::-1], given[:, :, ::-1].copy()
    for role, rows in encoder.encode_pixels(view).items():
        np.testing.assert_array_equal(rows, encoder.encode_pixels(copy)[role])


def test_many_threads_at_once_get_the_right_answers(encoder: Encoder) -> None:
    """From the first call on, when everything is still to be loaded."""
    fresh = load(encoder.info.name, threads=1)
    given, texts = pixels(encoder, 6), ["a dog", "a cat", "a car", "a tree", "a cup", "a boat"]
    images, words = encoder.encode_pixels(given)[Role.SEMANTIC], encoder.encode_texts(texts)
    wrong: list[object] = []

    def work(number: int) -> None:
        try:
            row = fresh.encode_pixels(given[number : number + 1])[Role.SEMANTIC][0]
            text = fresh.encode_texts(texts[number : number + 1])[0]
            if not np.allclose(row, images[number], atol=1e-5) or not np.allclose(
                text, words[number], atol=1e-5
            ):
                wrong.append(number)
        except Exception as error:  # noqa: BLE001 - reported below, whatever it is
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """A person sees what can be written."""
    with pytest.raises(EncoderUnavailableError, match="'nope'") as caught:
        load("nope", threads=1)
    assert all(name in caught.value.hint for name in known_encoders())


# --- files


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the built-in encoder's files."""
    return Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))


def use(folder: Path) -> None:
    """Load and use both towers."""
    made = OnnxEncoder(folder, threads=1)
    made.encode_texts(["x"])
    made.encode_pixels(pixels(made, 1))


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["gone", "one bit", "cut", "empty"])
def test_a_damaged_file_is_told_and_never_used(copied: Path, name: str, damage: str) -> None:
    """Not even when one bit of 10 MB changed."""
    file = copied / name
    content = bytearray(file.read_bytes())
    if damage == "gone":
        file.unlink()
    else:
        if damage == "one bit":
            content[content.index(b'"int8"') + 1 if name == "manifest.json" else len(content) // 2] ^= 1
        file.write_bytes({"one bit": content, "cut": content[: len(content) // 2], "empty": b""}[damage])
    if (name, damage) == ("manifest.json", "one bit"):
        # Every fact there is part of the fingerprint: such an encoder is another one.
        assert (
            OnnxEncoder(copied, threads=1).info.fingerprint
            != OnnxEncoder(WEIGHTS, threads=1).info.fingerprint
        )
        return
    with pytest.raises(EncoderUnavailableError, match=name.removesuffix(".json").split(".")[0]) as caught:
        use(copied)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["null", "[]", "{}", '{"input": 3}', '{"name": "x"}', "\ud800"])
def test_a_manifest_that_says_too_little_is_told(copied: Path, text: str) -> None:
    """Whatever is wrong with it."""
    (copied / "manifest.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(EncoderUnavailableError, match="manifest"):
        OnnxEncoder(copied, threads=1)


def test_the_fingerprint_covers_the_whole_manifest(copied: Path) -> None:
    """Each fact that can change an answer changes it; a list of equal older versions does not."""
    manifest = json.loads((copied / "manifest.json").read_text())
    seen = {OnnxEncoder(copied, threads=1).info.fingerprint}
    changes: list[dict[str, object]] = [
        {"precision": "fp32"},
        {"max_tokens": 6},
        {"copy_threshold": 0.5},
        {"stop_words": ["the"]},
        {"fitted": {"tags": {"temperature": 2.0}}},
        {"input": manifest["input"] | {"size": 192}},
        {"input": manifest["input"] | {"resample": "bilinear"}},
        {"files": manifest["files"] | {"text.onnx": manifest["files"]["text.onnx"] | {"sha256": "0" * 64}}},
    ]
    for change in changes:
        (copied / "manifest.json").write_text(json.dumps(manifest | change))
        seen.add(OnnxEncoder(copied, threads=1).info.fingerprint)
    assert len(seen) == 1 + len(changes)
    (copied / "manifest.json").write_text(json.dumps(manifest | {"same_embeddings_as": ["0" * 64]}))
    assert OnnxEncoder(copied, threads=1).info.fingerprint in seen
