"""Themes as lines of a terminal."""

import shutil
from typing import TYPE_CHECKING

from saccade.doors.terminal.output import note, say
from saccade.doors.words import counted, duration, harmless, number, percent, shown_path

if TYPE_CHECKING:
    from saccade.usecases.clusters.rules.reports import LibraryMap, Theme, ThemeMeans, Themes

_NARROW = 60
_MANY = 12


def say_clusters(found: "Themes", means: "ThemeMeans | None", drawn: "LibraryMap | None") -> None:
    """The themes by group, then what a number says of them, then where the result lies."""
    width = max(_NARROW, shutil.get_terminal_size((100, 24)).columns)
    for line in summary(found):
        say(line)
    _say_themes(found, width)
    if found.strangers:
        say()
        say("fits nowhere, farthest from every theme first:")
        for one in found.strangers[:_MANY]:
            say(f"      {shown_path(_path(one.record.paths))}")
    if means is not None:
        say_means(means)
    if drawn is not None:
        say()
        done = "made anew" if drawn.anew else f"{counted(drawn.added, 'image')} joined, none moved"
        say(f"map of {counted(len(drawn.paths), 'image')}: {done} ({duration(drawn.seconds)})")
    if found.version:
        note(f'stored as data.{found.name}: e.g. --where "data.{found.name}=={_example(found)}"')
    else:
        note("not stored")


def _say_themes(found: "Themes", width: int) -> None:
    """Each group with its themes."""
    by_id = {one.id: one for one in found.themes}
    title = max((len(one.name) for one in found.themes), default=0)
    for group in found.groups:
        say()
        inside = [by_id[theme] for theme in group.themes]
        if len(inside) > 1:
            say(f"{harmless(group.name)} ({counted(group.size, 'image')})")
        for theme in inside:
            told = f"{theme.id:>4}  {harmless(theme.name):<{title}}  {theme.size:>7,}  "
            say((told + _fitting(theme, width - len(told))).rstrip())
            if theme.representatives:
                typical = f"{'':6}typical: {shown_path(_path(theme.representatives[0].record.paths))}"
                say(typical)


def summary(found: "Themes") -> list[str]:
    """What was found, in a sentence or two."""
    share = percent(found.noise / found.images) if found.images else "0 %"
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.settings.items())
    held = ", ".join(
        (
            f"{counted(found.images, 'image')} in {counted(len(found.themes), 'theme')}",
            f"{counted(len(found.groups), 'group')} of themes",
            f"{number(found.noise)} images ({share}) in none",
        )
    )
    lines = [f"{held}; {found.method} ({settings}), {duration(found.seconds)}"]
    if found.updated:
        lines.append(
            f"{counted(found.assigned, 'new image')} joined a theme, {number(found.ill_fitting)} fit none"
            " well; no other image moved"
        )
    elif found.kept:
        lines.append(f"{counted(found.kept, 'theme')} found again under the same id")
    return lines


def say_means(means: "ThemeMeans") -> None:
    """A table of the themes by a number, best expected mean first."""
    say()
    say(
        f"{harmless(means.column)}: mean {means.mean:.4g} over {counted(means.count, 'image')} of a theme"
        f" ({number(means.without)} without a value)"
    )
    name = max(len("theme"), *(len(one.name) for one in means.themes))
    sure = f"{means.confidence * 100:g} % interval"
    say(f"  {'theme':<{name}}  {'images':>7}  {'mean':>9}  {sure:>21}  {'expected':>9}  against the rest")
    for one in means.themes:
        span = f"{one.low:.4g} to {one.high:.4g}" if one.low is not None and one.high is not None else "-"
        chance = "" if one.p_value is None else f" (p {one.p_value:.2g})"
        say(
            f"  {harmless(one.name):<{name}}  {one.count:>7,}  {one.mean:>9.4g}  {span:>21}  "
            f"{one.expected:>9.4g}  {one.verdict}{chance}"
        )


def _fitting(theme: "Theme", width: int) -> str:
    """As many of its words as fit."""
    shown = ""
    for word in theme.words:
        longer = f"{shown} {harmless(word.word)}".lstrip()
        if len(longer) > width:
            break
        shown = longer
    return shown


def _path(paths: tuple[str, ...]) -> str:
    return paths[0] if paths else "(no file)"


def _example(found: "Themes") -> str:
    return harmless(found.themes[0].name) if found.themes else "none"
