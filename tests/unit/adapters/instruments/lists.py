"""Lists of instruments in folders, and generations made of them."""

import gzip
import shutil
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.instruments.build import Answer, Order, build
from app.adapters.instruments.generation import FOLDER
from app.adapters.instruments.master import SymbolMaster

DATA = Path(__file__).parents[3] / "data" / "symbols"
SUNDAY = datetime(2025, 8, 17, 10, 0, tzinfo=UTC)
"""The day of the derived list, in the afternoon; contracts are good until the next morning."""


def real_bse() -> str:
    """All rows of BSE's derivatives."""
    return gzip.decompress((DATA / "BSE_FO.csv.gz").read_bytes()).decode()


def make_lists(folder: Path) -> Path:
    """A folder with the lists of NSE and BSE's derivatives, as an owner may keep one."""
    folder.mkdir(exist_ok=True)
    for name in ("NSE_CM", "NSE_FO"):
        shutil.copyfile(DATA / f"{name}.csv", folder / f"{name}.csv")
    (folder / "BSE_FO.csv").write_text(real_bse(), encoding="utf-8")
    return folder


def order(
    data_dir: Path, base: Path | str, now: datetime = SUNDAY, *, force: bool = False
) -> Order:
    """What a child is told to do."""
    return Order(folder=str(data_dir / FOLDER), base=str(base), now=now.timestamp(), force=force)


def refreshed(data_dir: Path, base: Path | str, now: datetime = SUNDAY) -> Answer:
    """Make a generation in this process."""
    return build(order(data_dir, base, now))


def loaded(tmp_path: Path, now: datetime = SUNDAY) -> SymbolMaster:
    """A master that has read these lists."""
    answer = refreshed(tmp_path / "var", make_lists(tmp_path / "lists"), now)
    assert answer.generation
    return SymbolMaster(tmp_path / "var")
