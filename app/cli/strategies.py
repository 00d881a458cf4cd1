"""`strategies import FILE.csv` and `strategies export`: the playbook's rows as a file."""

import sys
from pathlib import Path
from typing import TextIO

import click

from app.cli.rows import BadFile, read_rows, write_rows
from app.cli.shared import built, services, told


@click.group()
def strategies() -> None:
    """The rows of the playbook as a CSV file."""


@strategies.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(file: Path | None) -> None:
    """Write all rows to FILE, else to standard output. `import` reads what it writes.

    What the server notes in a row, its status, is not in it.
    """
    built()
    with told():
        rows = services().playbook.rows()
    if file is None:
        write_rows(rows, sys.stdout)
        return
    with file.open("w", encoding="utf-8", newline="") as text:
        write_rows(rows, text)
    click.echo(f"wrote {len(rows)} rows to {file}")


@strategies.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig", lazy=False))
@click.option("--dry-run", is_flag=True, help="Only check the file.")
def import_(file: TextIO, dry_run: bool) -> None:  # noqa: FBT001  # click passes names
    """Write the rows of FILE (`-` is standard input): all, or none if one is not understood.

    A row replaces the one of its symbol and timeframe; others stay. An empty cell is the default.
    """
    built()
    with told():
        playbook = services().playbook
        try:
            rows = read_rows(file, playbook.rows(), services().accounts)
        except BadFile as error:
            for fault in error.faults:
                click.echo(fault, err=True)
            raise click.ClickException("invalid: nothing was imported") from None
        if not dry_run:
            playbook.put_all(rows)
    click.echo(f"{len(rows)} rows {'are fine' if dry_run else 'imported'}")
