"""The answers of `lib.duplicates` for `--json`, HTTP and MCP."""

from saccade.core.quarantine import UndoReport
from saccade.core.wire import Answer
from saccade.usecases.duplicates.wire.checks import CheckAnswer, DistinctAnswer, OverlapAnswer
from saccade.usecases.duplicates.wire.groups import DuplicatesAnswer, RunList

ANSWERS = (
    Answer(name="duplicates", command="saccade duplicates", kind=DuplicatesAnswer | OverlapAnswer),
    Answer(name="check", command="saccade check", kind=CheckAnswer),
    Answer(name="leaks", command="saccade leaks", kind=OverlapAnswer),
    Answer(name="distinct", command="saccade distinct", kind=DistinctAnswer),
    Answer(name="undo", command="saccade undo", kind=UndoReport | RunList),
)
