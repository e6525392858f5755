"""`saccade recommend` and `saccade feedback`."""

import click

COMMANDS: tuple[click.Command, ...] = ()
