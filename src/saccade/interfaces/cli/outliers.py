"""`saccade outliers`."""

import click

COMMANDS: tuple[click.Command, ...] = ()
