"""`strategies import FILE.csv` and `strategies export`: the playbook's rows as a file."""

import sys
from pathlib import Path
from typing import TextIO

import click

from app.cli.rows import BadFile, read_rows, write_rows
from app.cli.shared import built, fail, services, told


@click.group()
def strategies() -> None:
    """The rows of the playbook as a CSV file."""


@strategies.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--force", is_flag=True, help="Replace a FILE that is there.")
def export(file: Path | None, force: bool) -> None:  # noqa: FBT001  # click passes names
    """Write all rows to FILE, else to standard output. `import` reads what it writes.

    What the server notes in a row, its status, is not in it.
    """
    built()
    with told():
        rows = services().playbook.rows()
    if file is None or file == Path("-"):
        write_rows(rows, sys.stdout)
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8", newline="") as text:
            write_rows(rows, text)
    except FileExistsError:
        fail(f"invalid: {file} is there already; --force replaces it")
    except OSError as error:
        fail(f"invalid: {file}: {error.strerror}")
    click.echo(f"wrote {count(len(rows))} to {file}")


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
        except UnicodeDecodeError:
            fail("invalid: the file is not UTF-8: save it as `CSV UTF-8`; nothing was imported")
        except BadFile as error:
            for fault in error.faults:
                click.echo(fault, err=True)
            raise click.ClickException("invalid: nothing was imported") from None
        if not dry_run:
            playbook.put_all(rows)
    click.echo(f"{count(len(rows))} {'understood' if dry_run else 'imported'}")


def count(rows: int) -> str:
    """A number of rows for people."""
    return "1 row" if rows == 1 else f"{rows} rows"
