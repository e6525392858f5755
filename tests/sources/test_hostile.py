"""Broken and hostile files: an outcome each, in order, with a true reason; the parent lives on."""

import os
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from saccade.core.decoding import Decoded, DecodeOutcome, DecodeTask
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.outcome import CODES, FORMATS
from saccade.sources.pool import GuardedDecoder
from saccade.sources.walk import walk
from tests.helpers.properties import examples

Encode = Callable[..., bytes]
DecodeBytes = Callable[[bytes], DecodeOutcome]

LOSSY = {"JPEG", "WEBP", "AVIF"}


def samples(encode: Encode, photo: Image.Image) -> dict[str, bytes]:
    """One valid file of each kind that can be written."""
    animation = {"save_all": True, "append_images": [photo.transpose(Image.Transpose.ROTATE_180)]}
    return {
        "JPEG": encode(photo, "JPEG"),
        "progressive JPEG": encode(photo, "JPEG", progressive=True),
        "CMYK JPEG": encode(photo.convert("CMYK"), "JPEG"),
        "PNG": encode(photo),
        "palette PNG": encode(photo.quantize(32)),
        "animated PNG": encode(photo, **animation),
        "WEBP": encode(photo, "WEBP"),
        "animated WEBP": encode(photo, "WEBP", **animation),
        "GIF": encode(photo, "GIF"),
        "animated GIF": encode(photo, "GIF", **animation),
        "BMP": encode(photo, "BMP"),
        "TIFF": encode(photo, "TIFF"),
        "LZW TIFF": encode(photo, "TIFF", compression="tiff_lzw"),
        "JPEG TIFF": encode(photo, "TIFF", compression="jpeg"),
        "AVIF": encode(photo, "AVIF"),
    }


@pytest.fixture(scope="module")
def whole(encode: Encode, photo: Image.Image) -> dict[str, bytes]:
    return samples(encode, photo)


def check(outcome: DecodeOutcome, recipe: PixelRecipe) -> None:
    """The outcome is sound: pixels of the right shape, or a known code with a reason."""
    if isinstance(outcome, Failure):
        assert outcome.code in CODES
        assert outcome.reason.strip()
        assert "\n" not in outcome.reason
    else:
        assert isinstance(outcome, Decoded)
        assert outcome.pixels.shape == (recipe.size, recipe.size, 3)
        assert outcome.pixels.dtype == np.uint8
        assert outcome.info.format in FORMATS


@given(data=st.data())
@examples(150)
def test_a_truncated_file_is_whole_or_fails(
    data: st.DataObject, whole: dict[str, bytes], decoder: GuardedDecoder, recipe: PixelRecipe
) -> None:
    """Cut anywhere, a file is a Failure or looks as it did: never half a picture over gray."""
    kind = data.draw(st.sampled_from(sorted(whole)))
    sound = whole[kind]
    end = data.draw(st.integers(0, len(sound) - 1))
    full, outcome = decoder.decode([DecodeTask(path="x", data=sound), DecodeTask(path="x", data=sound[:end])])
    check(outcome, recipe)
    assert isinstance(full, Decoded)
    if isinstance(outcome, Decoded):
        assert np.abs(full.pixels.astype(int) - outcome.pixels).max() <= 2
    elif end > len(sound) // 2:
        assert outcome.code == "truncated"
        assert f"{end:,} bytes" in outcome.reason


@given(data=st.data())
@examples(150)
def test_a_damaged_file_has_an_outcome(
    data: st.DataObject, whole: dict[str, bytes], decoder: GuardedDecoder, recipe: PixelRecipe
) -> None:
    """Bytes overwritten, inserted or dropped anywhere: n tasks give n outcomes, all sound."""
    tasks = []
    for _ in range(4):
        damaged = bytearray(whole[data.draw(st.sampled_from(sorted(whole)))])
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(damaged)))
            length = data.draw(st.integers(0, 4))
            damaged[start : start + length] = data.draw(st.binary(max_size=8))
        tasks.append(DecodeTask(path=f"{len(tasks)}", data=bytes(damaged)))
    outcomes = list(decoder.decode(tasks))
    assert len(outcomes) == 4
    for task, outcome in zip(tasks, outcomes, strict=True):
        check(outcome, recipe)
        assert not isinstance(outcome, Failure) or outcome.path == task.path


MAGICS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"II*\0", b"MM\0*"]
MAGICS += [b"II+\0", b"BM", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"PK\3\4"]


@given(noise=st.binary(max_size=400), start=st.sampled_from(MAGICS))
@examples(150)
def test_noise_has_an_outcome(
    noise: bytes, start: bytes, decode_bytes: DecodeBytes, recipe: PixelRecipe
) -> None:
    """Noise behind any magic number is a Failure or a picture, and never more than that."""
    check(decode_bytes(start + noise), recipe)


def test_every_file_of_the_reference_data_has_an_outcome(shared_data: Path, recipe: PixelRecipe) -> None:
    """All files of shared/data/decoder: a picture or a Failure with a true reason, quick, within 1 GiB."""
    entries = list(walk(str(shared_data / "decoder")))
    assert len(entries) > 800
    codes: Counter[str] = Counter()
    with GuardedDecoder(recipe, workers=2) as decoder:
        clock = time.monotonic()
        for entry, outcome in zip(
            entries, decoder.decode(DecodeTask(path=e.path) for e in entries), strict=True
        ):
            check(outcome, recipe)
            codes[outcome.code if isinstance(outcome, Failure) else "ok"] += 1
            assert not isinstance(outcome, Failure) or outcome.path == entry.path
            assert time.monotonic() - clock < 10
            clock = time.monotonic()
    assert codes["ok"] > 650
    # None of these ever crashes, hangs or fills a worker: those that could are refused before.
    assert not codes.keys() & {"decode_crashed", "decode_timeout", "decode_memory", "unreadable_file"}


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("pillow/decompression_bomb.gif", "too_many_pixels", "65,535 x 66,601 pixels"),
        ("pillow/bmp/b/reallybig.bmp", "too_many_pixels", "3,000,000 x 2,000,000 pixels"),
        ("pillow/truncated_jpeg.jpg", "truncated", "ends after 6,698 bytes"),
        ("pillow/truncated_image.png", "truncated", "ends after 81,920 bytes"),
        ("pillow/bmp/b/shortfile.bmp", "truncated", "ends after 273 bytes"),
        ("pillow/unknown_compression_method.png", "corrupt", "Unknown compression method 1"),
        ("pillow/hopper_webp.tif", "unsupported_format", "WebP compression"),
        ("pillow/bmp/q/pal2.bmp", "unsupported_format", "pixel depth (2)"),
        ("pillow/hopper.ico", "unsupported_format", "icon pictures cannot be read"),
        ("pillow/comment.jp2", "unsupported_format", "JPEG 2000"),
        ("pillow/rgba.psd", "unsupported_format", "Photoshop"),
        ("pillow/eps/1.eps", "unsupported_format", "PostScript"),
        ("heif/heif_corrupted/empty.heic", "empty_file", "0 bytes"),
        ("pillow/bmp/b/badheadersize.bmp", "not_an_image", "(.bmp)"),
    ],
)
def test_reasons_are_true(
    shared_data: Path, decoder: GuardedDecoder, name: str, code: str, words: str
) -> None:
    """A sample of the reference data, judged by eye: the reason says what is wrong with the file."""
    (outcome,) = decoder.decode([DecodeTask(path=str(shared_data / "decoder" / name))])
    assert isinstance(outcome, Failure)
    assert outcome.code == code
    assert words in outcome.reason


def test_odd_formats_of_imagededup_are_decoded(shared_data: Path, decoder: GuardedDecoder) -> None:
    """Every format of that peer's tests is read, and its corrupt file is a Failure."""
    folder = shared_data / "copydetect" / "imagededup_tests"
    entries = [entry for entry in walk(str(folder)) if "format" in entry.path]
    assert entries
    outcomes = list(decoder.decode(DecodeTask(path=entry.path) for entry in entries))
    refused = {o.code for o in outcomes if isinstance(o, Failure)}
    assert refused <= {"unsupported_format", "excluded", "truncated", "corrupt", "not_an_image"}
    assert sum(isinstance(outcome, Decoded) for outcome in outcomes) >= len(outcomes) // 2


def png(width: int, height: int, rows: bytes) -> bytes:
    """A gray PNG that says it is of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_bombs_of_size_are_refused_before_decoding(decode_bytes: DecodeBytes) -> None:
    """A few bytes that claim billions of pixels cost no memory and no time."""
    started = time.monotonic()
    webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\xff" * 2 + bytes(8)
    for bomb in (png(2**31 - 1, 2**31 - 1, b""), png(20_000, 20_000, bytes(10)), webp):
        outcome = decode_bytes(bomb)
        assert isinstance(outcome, Failure)
        assert outcome.code == "too_many_pixels"
    assert time.monotonic() - started < 2


def test_too_many_frames_are_refused_and_many_are_not(encode: Encode, recipe: PixelRecipe) -> None:
    """A GIF of 10,001 frames is refused by counting; one of 10,000 shows its first."""
    first = encode(Image.new("L", (5, 5), 200), "GIF")
    block = first[first.index(b",") :].rstrip(b";")
    for frames in (10_000, 10_001):
        data = first[: first.index(b",")] + block * frames + b";"
        with GuardedDecoder(recipe, workers=1) as decoder:
            (outcome,) = decoder.decode([DecodeTask(path="x", data=data)])
        if frames == 10_000:
            assert isinstance(outcome, Decoded)
            assert (outcome.info.frames, outcome.pixels[0, 0, 0]) == (10_000, 200)
        else:
            assert isinstance(outcome, Failure)
            assert (outcome.code, outcome.reason) == (
                "too_many_frames",
                "it has more than 10,000 frames, the limit",
            )


def test_a_tiff_whose_pages_run_in_a_circle_ends(encode: Encode, decode_bytes: DecodeBytes) -> None:
    """A chain of pages that leads back to its start is counted once."""
    data = bytearray(encode(Image.new("L", (8, 8), 3), "TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * entries, start)
    outcome = decode_bytes(bytes(data))
    assert isinstance(outcome, Decoded)
    assert outcome.info.frames == 1


# --- files


def test_files_that_are_none(decoder: GuardedDecoder, tmp_path: Path) -> None:
    """A vanished file, a folder, a pipe, a link to nothing: each has its reason, and none hangs."""
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    expected = {
        "gone.jpg": "file_vanished",
        "pipe.jpg": "unreadable_file",
        "folder.jpg": "unreadable_file",
        "dangling.jpg": "file_vanished",
        "loop.jpg": "unreadable_file",
        "nul\0.jpg": "unreadable_file",
        "a" * 300: "unreadable_file",
    }
    outcomes = list(decoder.decode(DecodeTask(path=str(tmp_path / name)) for name in expected))
    assert [outcome.code for outcome in outcomes if isinstance(outcome, Failure)] == list(expected.values())


def test_content_decides_and_names_only_word_the_refusal(
    decoder: GuardedDecoder, encode: Encode, tmp_path: Path
) -> None:
    """A picture by any name is a picture; what is none is excluded unless its name claims otherwise."""
    picture = encode(Image.new("L", (9, 9)))
    cases = {
        "photo.txt": (picture, "ok"),
        "photo": (picture, "ok"),
        "photo.jpg": (picture, "ok"),
        "photo.heic": (picture, "ok"),
        "letter.txt": (b"Dear Ada,", "excluded"),
        "empty.txt": (b"", "excluded"),
        "letter.jpg": (b"Dear Ada,", "not_an_image"),
        "empty.jpg": (b"", "empty_file"),
        "raw.nef": (encode(Image.new("L", (9, 9)), "TIFF"), "unsupported_format"),
        "raw.cr2": (b"II*\0\x10\0\0\0CR\2\0" + bytes(60), "unsupported_format"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
        "nameless": (b"8BPS\0\1" + bytes(60), "unsupported_format"),
        "picture.jxl": (b"\xff\x0a" + bytes(60), "unsupported_format"),
        "archive.jpg": (b"PK\3\4" + bytes(60), "not_an_image"),
    }
    for name, (content, _) in cases.items():
        (tmp_path / name).write_bytes(content)
    outcomes = decoder.decode(DecodeTask(path=str(tmp_path / name)) for name in cases)
    codes = [outcome.code if isinstance(outcome, Failure) else "ok" for outcome in outcomes]
    assert dict(zip(cases, codes, strict=True)) == {name: code for name, (_, code) in cases.items()}


def test_a_huge_file_that_is_no_picture_is_not_read(decoder: GuardedDecoder, tmp_path: Path) -> None:
    """A terabyte of nothing is excluded by its first bytes; a picture over the limit is refused unread."""
    started = time.monotonic()
    for name, start in (("huge.bin", b""), ("huge.jpg", b"\xff\xd8\xff")):
        with (tmp_path / name).open("wb") as file:
            file.write(start)
            file.truncate(1 << 40)
    none, large = decoder.decode(DecodeTask(path=str(tmp_path / name)) for name in ("huge.bin", "huge.jpg"))
    assert isinstance(none, Failure)
    assert none.code == "excluded"
    assert isinstance(large, Failure)
    assert large.code == "too_large_bytes"
    assert time.monotonic() - started < 2


def test_read_picture_notices_a_change(
    monkeypatch: pytest.MonkeyPatch, encode: Encode, tmp_path: Path
) -> None:
    """Size or time that differ after reading are a change."""
    from saccade.sources import files  # noqa: PLC0415 - of one test
    from saccade.sources.wire import RefusedError  # noqa: PLC0415 - of one test

    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.effect_noise((90, 90), 80)))
    identify = files.identify

    def grow(head: bytes, name: str) -> str:
        with path.open("ab") as file:
            file.write(b"more")
        return identify(head, name)

    monkeypatch.setattr(files, "identify", grow)
    with pytest.raises(RefusedError) as caught:
        files.read_picture(os.fsencode(path), 10**9)
    assert caught.value.code == "file_changed"


NAMES = st.binary(min_size=1, max_size=255).filter(
    lambda name: not set(name) & {0, 47} and name not in {b".", b".."}
)


@given(
    name=NAMES
    | st.sampled_from([b"-rf", b"a\nb.png", b"\xff\xfe", "\u202egnp.x".encode(), "\U0001f600".encode()])
)
@examples(60)
def test_files_of_any_name_are_read(
    name: bytes, decoder: GuardedDecoder, tmp_path_factory: pytest.TempPathFactory, encode: Encode
) -> None:
    """Whatever bytes the name is made of, the file is read, or its Failure carries that very name."""
    path = os.fsencode(tmp_path_factory.mktemp("n")) + b"/" + name
    with open(path, "wb") as file:
        file.write(encode(Image.new("L", (3, 3), 5)))
    (outcome, failure) = decoder.decode(
        [DecodeTask(path=os.fsdecode(path)), DecodeTask(path=os.fsdecode(path + b"/x"))]
    )
    assert isinstance(outcome, Decoded)
    assert isinstance(failure, Failure)
    assert os.fsencode(failure.path) == path + b"/x"
