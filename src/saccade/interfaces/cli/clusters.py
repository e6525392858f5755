"""`saccade clusters`."""

import click

COMMANDS: tuple[click.Command, ...] = ()
