"""`backup FILE` and `restore FILE`: the whole state of the server as one file."""

from datetime import UTC, datetime
from pathlib import Path

import click

from app.adapters.journal.copying import copy
from app.adapters.journal.migrate import database_file
from app.adapters.journal.restore import restore as put_in_place
from app.cli.shared import server, settings, told

File = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=File)
def backup(file: Path) -> None:
    """Copy the database to FILE, also while the server runs.

    The copy is one moment of it, checked, and readable by you only. FILE must not exist yet.
    """
    with told():
        copy(database_file(settings().database_url), file)
    click.echo(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB, whole and checked")


@click.command()
@click.argument("file", type=File)
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the database. Stop the server first.

    FILE is checked before anything is changed, and the old database stays beside the new one. What
    happened after the backup is not in it: compare your positions with the broker's afterwards.
    """
    ours = server()
    if ours is not None:
        ours.stop()  # it was built to find this command, and holds the database
    with told():
        kept = put_in_place(file, database_file(settings().database_url), datetime.now(UTC))
    click.echo(f"restored {file}")
    if kept is not None:
        click.echo(f"the database that was there is {kept}")
    click.echo("Start the server; it holds its accounts against the journal before it enters anew.")
