"""`saccade duplicates`, `saccade check`, `saccade undo`."""

import click

COMMANDS: tuple[click.Command, ...] = ()
