"""Pictures in the terminal: which protocol, and what each of them is sent."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from saccade.core.decoding import Decoded
from saccade.core.types import Failure, ImageInfo
from saccade.doors.terminal.images import png, sixel
from saccade.doors.terminal.pictures import Kind, detect, half_blocks, show, side_by_side
from tests.helpers.terminal import FakeDecoder, fake_context


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"TERM": "xterm-kitty"}, Kind.KITTY),
        ({"TERM": "xterm", "KITTY_WINDOW_ID": "1"}, Kind.KITTY),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, Kind.KITTY),
        ({"TERM": "xterm", "TERM_PROGRAM": "iTerm.app"}, Kind.ITERM),
        ({"TERM": "xterm", "TERM_PROGRAM": "WezTerm"}, Kind.ITERM),
        ({"TERM": "foot"}, Kind.SIXEL),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Kind.BLOCKS),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"}, Kind.BLOCKS),
        ({"TERM": "xterm"}, None),
        ({}, None),
    ],
)
def test_detect_reads_the_environment(environment: dict[str, str], kind: Kind | None) -> None:
    """A multiplexer hides the terminal; nothing is sent to one that would print it as text."""
    assert detect(terminal=True, environment=environment) is kind
    assert detect(terminal=False, environment=environment) is None
    assert detect(terminal=False, force=True, environment=environment) is (kind or Kind.BLOCKS)


def test_png_is_read_back_exactly(rng: np.random.Generator) -> None:
    """Another program (Pillow) sees the same pixels."""
    pixels = rng.integers(0, 256, (13, 7, 4), dtype=np.uint8)
    image = Image.open(io.BytesIO(png(pixels)))
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image), pixels)


def _decoded_sixels(text: str) -> np.ndarray:
    """A plain reading of sixels: (h, w, 4), the oracle for the writer."""
    body = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert body is not None
    width, height = int(body[1]), int(body[2])
    canvas = np.zeros((height + 6, width, 4), np.uint8)
    palette: dict[int, list[int]] = {}
    color = row = column = 0
    for token in re.finditer(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|([$-])|([?-~])", body[3]):
        if token[1] and token[2]:
            palette[int(token[1])] = [round(int(part) * 255 / 100) for part in token.group(2, 3, 4)]
        elif token[1]:
            color = int(token[1])
        elif token[7]:
            row, column = row + (6 if token[7] == "-" else 0), 0
        else:
            count, char = (int(token[5]), token[6]) if token[5] else (1, token[8])
            for bit in range(6):
                if (ord(char) - 63) >> bit & 1:
                    canvas[row + bit, column : column + count] = [*palette[color], 255]
            column += count
    assert not canvas[height:].any()
    return canvas[:height]


def test_sixel_draws_every_pixel_near_its_color(rng: np.random.Generator) -> None:
    """Within one step of the 216 colors; see-through pixels stay undrawn."""
    pixels = rng.integers(0, 256, (20, 33, 4), dtype=np.uint8)
    pixels[..., 3] = np.where(rng.random((20, 33)) < 0.3, 0, 255)
    drawn = _decoded_sixels(sixel(pixels))
    np.testing.assert_array_equal(drawn[..., 3], pixels[..., 3])
    seen = pixels[..., 3] > 0
    error = np.abs(drawn[..., :3].astype(int) - pixels[..., :3])[seen]
    assert error.max() <= 51


def test_half_blocks_show_two_rows_in_one() -> None:
    """Upper pixel as text color, lower as background; see-through shows the terminal's own."""
    strip = np.zeros((3, 3, 4), np.uint8)
    strip[0, 0], strip[1, 0] = (1, 2, 3, 255), (4, 5, 6, 255)
    strip[0, 1] = (7, 8, 9, 255)
    strip[1, 2] = (10, 11, 12, 255)
    assert half_blocks(strip) == (
        "\x1b[38;2;1;2;3;48;2;4;5;6m\u2580\x1b[0;38;2;7;8;9m\u2580\x1b[0;38;2;10;11;12m\u2584\x1b[0m\n"
        "\x1b[0m \x1b[0m \x1b[0m \x1b[0m"
    )


def test_side_by_side_centers_and_leaves_gaps() -> None:
    """Each picture in the middle of its place; a place without a picture is empty."""
    tall, wide = np.full((4, 2, 3), 9, np.uint8), np.full((2, 4, 3), 7, np.uint8)
    strip = side_by_side([tall, None, wide], 4, 1)
    assert strip is not None
    assert strip.shape == (4, 15, 4)
    opaque = strip[..., 3] > 0
    assert opaque[:, 1:3].all()
    assert opaque[1:3, 10:14].all()
    assert opaque.sum() == 16
    assert side_by_side([None], 4, 1) is None


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (Kind.KITTY, "\x1b_Ga=T,f=100,c=19,q=2,m=0;"),
        (Kind.ITERM, "\x1b]1337;File=inline=1;width=19;preserveAspectRatio=1:"),
        (Kind.SIXEL, "\x1bP0;1q"),
        (Kind.BLOCKS, "\x1b["),
    ],
)
def test_show_prints_what_fits(capsys: pytest.CaptureFixture[str], kind: Kind, start: str) -> None:
    """As many as the width holds, with their ranks below."""
    decoder = FakeDecoder()
    show(fake_context("/.saccade", decoder), ["/a.jpg", "/b.jpg"], kind, columns=20)
    out = capsys.readouterr().out
    assert out.startswith(start)
    assert out.splitlines()[-1].strip() == "1"
    assert decoder.asked == ["/a.jpg"]


def test_show_sends_kitty_a_png_in_chunks(
    capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    """At most 4096 characters each, all but the last saying that more comes."""
    noise = rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)
    info = ImageInfo(width=100, height=100, format="PNG", size_bytes=1)
    decoder = FakeDecoder()
    decoder.outcomes["/a.jpg"] = Decoded(sha256=bytes(32), info=info, pixels=noise)
    show(fake_context("/.saccade", decoder), ["/a.jpg"], Kind.KITTY, columns=20)
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", capsys.readouterr().out)
    assert [head[-3:] for head, _ in chunks] == ["m=1"] * (len(chunks) - 1) + ["m=0"]
    assert max(len(data) for _, data in chunks) <= 4096
    image = Image.open(io.BytesIO(base64.b64decode("".join(data for _, data in chunks))))
    assert image.size == (190, 100)


def test_show_prints_nothing_without_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    """Files that are gone leave no hole in the list below."""
    decoder = FakeDecoder()
    decoder.outcomes["/a.jpg"] = Failure(path="/a.jpg", code="vanished", reason="gone")
    show(fake_context("/.saccade", decoder), ["/a.jpg"], Kind.BLOCKS, columns=80)
    assert capsys.readouterr().out == ""
