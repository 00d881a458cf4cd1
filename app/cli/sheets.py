"""`sheets init`: the Google sheet of the playbook, made fit for it."""

import click

from app.cli.shared import built, fail, told


@click.group()
def sheets() -> None:
    """The Google sheet with the rows of the playbook."""


@sheets.command()
def init() -> None:
    """Make the tabs `Config` and `Performance`, or mend their first lines.

    Nothing that is there is overwritten. A `Config` without rows gets those that the database has.
    It may be done at any time, also before PLAYBOOK is set to google_sheets.
    """
    sheet = built().sheet
    if sheet is None:
        fail("config: GOOGLE_SHEET_ID is not set")
    with told():
        done = sheet.editor.init()
    for line in done or ["nothing to do: the sheet is as it has to be"]:
        click.echo(line)
