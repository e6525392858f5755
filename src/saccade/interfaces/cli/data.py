"""`saccade data`."""

import click

COMMANDS: tuple[click.Command, ...] = ()
