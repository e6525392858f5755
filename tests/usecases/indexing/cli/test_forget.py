"""`saccade forget`: a preview first, then the deed, in words and in JSON."""

from unittest.mock import MagicMock

import pytest

from saccade.core.errors import STATUS, ImageNotFoundError
from saccade.core.pictures import ImageId
from saccade.core.status import ForgetReport
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run

pytestmark = pytest.mark.usefixtures("opener")
ID = "ab12" * 16


@pytest.fixture
def forgetting(indexing: MagicMock) -> MagicMock:
    """Two images in three files of one folder."""

    def forget(*_: object, dry_run: bool = False, progress: object = None) -> ForgetReport:
        return ForgetReport(
            images=2,
            files=3,
            folders=1,
            copies=("/l/.saccade/catalog.db.before-0004",),
            originals=None,
            resumed=False,
            done=not dry_run,
        )

    indexing.forget.side_effect = forget
    return indexing


PREVIEW = [
    "would forget 2 images in 3 files and 1 folder",
    "would delete /l/.saccade/catalog.db.before-0004, a copy from before an upgrade",
]


@pytest.mark.parametrize("more", [["--dry-run"], ["--yes", "--dry-run"]], ids=" ".join)
def test_a_dry_run_only_says_what_would_go(run: Run, forgetting: MagicMock, more: list[str]) -> None:
    """On stdout; that nothing was changed, on stderr."""
    done = run("forget", *more, "/p/a.jpg", stdin=b"y\n")
    assert (done.status, done.out.splitlines()) == (0, PREVIEW)
    assert done.err.splitlines()[-1] == "nothing was changed"
    assert [one.kwargs.get("dry_run") for one in forgetting.forget.call_args_list] == [True]


def test_a_script_must_pass_yes(run: Run, forgetting: MagicMock) -> None:
    """A script that forgot it must notice that nothing was erased."""
    done = run("forget", "/p/a.jpg", stdin=b"y\n")
    assert (done.status, done.out) == (2, "")
    assert "--yes" in done.err
    error = run("forget", "--json", "/p/a.jpg", terminal=True, stdin=b"y\n")
    assert error.status == 2
    check_json(error.json(), "error")
    assert error.json()["error"]["code"] == "invalid_input"
    assert "--yes" in error.json()["error"]["hint"]
    assert not forgetting.forget.called


@pytest.mark.parametrize(("typed", "does"), [(b"y\n", True), (b"n\n", False), (b"\n", False), (b"", False)])
def test_a_person_is_asked(run: Run, forgetting: MagicMock, typed: bytes, *, does: bool) -> None:
    """After seeing what would go; anything but yes is no."""
    done = run("forget", "/p/a.jpg", terminal=True, stdin=typed)
    assert done.status == 0
    assert done.out.splitlines()[:2] == PREVIEW
    assert "forget this for good? [y/N]" in done.err
    assert ("forgot 2 images" in done.out) is does
    assert ("nothing was changed" in done.err) is not does
    assert len(forgetting.forget.call_args_list) == 1 + does


def test_with_yes_it_does_it(run: Run, forgetting: MagicMock) -> None:
    """Files, folders and ids are told apart."""
    done = run("forget", "--yes", "/p/gone", ID[:8])
    assert done.out.splitlines()[0] == "forgot 2 images in 3 files and 1 folder"
    assert forgetting.forget.call_args.args == ("/p/gone", ImageId(ID[:8]))
    assert not forgetting.forget.call_args.kwargs.get("dry_run")
    assert forgetting.forget.call_count == 1


def test_it_says_what_it_finished_and_what_it_left(run: Run, indexing: MagicMock) -> None:
    """An interrupted forgetting, and pictures as they were before tags were written."""
    indexing.forget.side_effect = None
    indexing.forget.return_value = ForgetReport(
        images=0, files=0, folders=0, copies=(), originals="/l/.saccade/originals", resumed=True, done=True
    )
    done = run("forget", "--yes", "/p/gone")
    assert done.out.splitlines()[0] == "finished forgetting what an interrupted run had begun"
    assert "/l/.saccade/originals still holds pictures" in done.err


@pytest.mark.usefixtures("forgetting")
def test_scripts_read_json(run: Run) -> None:
    """As the schema says."""
    answer = run("forget", "--yes", "--json", "/p").json()
    check_json(answer, "forget")
    assert (answer["images"], answer["files"], answer["folders"], answer["done"]) == (2, 3, 1, True)
    preview = run("forget", "--dry-run", "--json", "/p").json()
    check_json(preview, "forget")
    assert preview == {**answer, "done": False}


def test_what_is_not_known_is_an_error(run: Run, indexing: MagicMock) -> None:
    """In one line, with what to do."""
    indexing.forget.side_effect = ImageNotFoundError("the library does not know /x", hint="see status")
    done = run("forget", "--yes", "/x")
    assert done.status == STATUS[ImageNotFoundError.code].exit
    assert done.err.splitlines() == ["saccade: the library does not know /x", "  see status"]
