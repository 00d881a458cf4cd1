"""What the web floor is told at its start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from app.ports.recent import RecentLog


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """Secrets, limits and the hooks into the rest of the process.

    `settings`: all settings without secrets, for `/config`. `start` starts the engine, once.
    `loop_idle` tells how long ago the background last turned, `disk_full` whether only exits are
    taken, `backup_late` for how long there was no backup, when that is too long,
    `symbols_trouble` why contracts are not traded (None where nobody needs a list of them).
    `metrics_page` is told which checks of `/ready` are fine.
    """

    webhook_secrets: Sequence[str] = field(repr=False)
    api_key: str = field(repr=False)
    text_templates: Sequence[str]
    secret_rate_limit: str
    trusted_proxies: int
    settings: Mapping[str, object]
    data_dir: Path
    start: Callable[[], None]
    loop_idle: Callable[[], timedelta]
    disk_full: Callable[[], bool]
    observe: Callable[[str, int, float], None]
    backup_late: Callable[[], timedelta | None]
    symbols_trouble: Callable[[], str | None] | None
    metrics_page: Callable[[Mapping[str, bool]], bytes]
    recent_log: RecentLog
