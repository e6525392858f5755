"""`saccade tag` and `saccade teach`."""

import click

COMMANDS: tuple[click.Command, ...] = ()
