"""Settings as they are in force: the environment before saccade.toml before the defaults."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

import saccade
from saccade.core.errors import InputError
from saccade.core.settings import PREFIX, Settings
from saccade.library.settings import load_settings, threads, workers


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's saccade.toml, which is not there yet; nothing is set in the environment."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setattr("saccade.library.settings.user_config_path", lambda *_, **__: folder)
    for field in fields(Settings):
        monkeypatch.delenv(PREFIX + field.name.upper(), raising=False)
    return folder / "saccade.toml"


@pytest.mark.usefixtures("config")
def test_without_anything_set_the_defaults_hold() -> None:
    """No file is needed."""
    assert load_settings() == Settings()


def test_the_environment_goes_before_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting by itself; an empty variable says nothing."""
    config.write_text("threads = 2\nworkers = 3\ndecode_s = 1.5\n")
    monkeypatch.setenv("SACCADE_THREADS", "5")
    monkeypatch.setenv("SACCADE_WORKERS", "")
    monkeypatch.setenv("SACCADE_IDLE_S", "0.5")
    assert load_settings() == Settings(threads=5, workers=3, decode_s=1.5, idle_s=0.5)


def test_other_variables_of_the_program_are_no_settings(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SACCADE_LIBRARY names a library."""
    monkeypatch.setenv("SACCADE_LIBRARY", "/photos")
    monkeypatch.setenv("SACCADE_NONSENSE", "1")
    assert load_settings() == Settings()
    assert not config.exists()


def test_a_file_beside_the_photos_is_not_read(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures from somebody else must not decide what decoding them may cost."""
    photos = tmp_path / "photos"
    (photos / ".saccade").mkdir(parents=True)
    for place in (photos / "saccade.toml", photos / ".saccade" / "saccade.toml"):
        place.write_text("max_pixels = 1\nnonsense = [\n")
    monkeypatch.chdir(photos)
    with saccade.open_library(photos) as library:
        assert library.context.settings.max_pixels == Settings().max_pixels
    config.write_text("max_pixels = 7\n")
    with saccade.open_library(photos) as library:
        assert library.context.settings.max_pixels == 7


def test_an_argument_goes_before_all(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program says is not mixed with what its user has set, and a bad file does not matter."""
    config.write_text("nonsense = [")
    monkeypatch.setenv("SACCADE_WORKERS", "many")
    with saccade.open_library(tmp_path, settings=Settings(threads=3)) as library:
        assert library.context.settings.threads == 3
        assert library.context.settings.workers >= 1


@pytest.mark.parametrize(
    "content",
    [
        b"threads = -1\n",
        b"threads = 'many'\n",
        b"threads = true\n",
        b"[threads]\nmost = 4\n",
        b"thread = 4\n",
        b"threads = \n",
        b"threads = " + b"9" * 400,
        b"threads = " + b"9" * 5000,
        b"threads = " + b"[" * 50_000,
        b"\xff\xfe",
        b"# long\n" * 200_000,
    ],
)
def test_a_bad_file_is_one_error_that_names_it(config: Path, content: bytes) -> None:
    """With what to do."""
    config.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_settings()
    assert str(config) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_file_that_cannot_be_read_is_named(config: Path) -> None:
    """Here a folder lies in its place."""
    config.mkdir()
    with pytest.raises(InputError, match=f"^{config} cannot be read"):
        load_settings()


def test_a_bad_variable_is_one_error_that_says_so(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is fine."""
    config.write_text("threads = 2\n")
    monkeypatch.setenv("SACCADE_DECODE_S", "soon")
    with pytest.raises(InputError, match=r"^the environment sets decode_s to 'soon'") as caught:
        load_settings()
    assert caught.value.hint


def test_zero_means_one_on_every_core() -> None:
    """Of threads and of workers."""
    cores = os.cpu_count() or 1
    assert (threads(Settings()), workers(Settings())) == (cores, cores)
    assert (threads(Settings(threads=3)), workers(Settings(workers=2))) == (3, 2)
