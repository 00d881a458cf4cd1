"""Every account with its broker, its token and its threads."""

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace

from app.adapters.brokers.registry import Resources, open_broker
from app.adapters.logging import Redaction
from app.adapters.metered import MeteredBroker
from app.adapters.metrics import Metrics
from app.config import DAILY_LOGIN, Settings
from app.engine.accounts import Account, Accounts
from app.engine.token_manager import TokenManager
from app.ports.broker import Broker
from app.ports.clock import Clock

TOKENS = "tokens"
"""The folder in `DATA_DIR` of encrypted tokens."""
LANE_THREADS = 8
"""Threads of an account, each made when it is first needed."""
NO_ACCOUNT = ""
"""The pool of accounts that there are not: their alerts are denied."""
Wrap = Callable[[Broker], Broker]


def open_accounts(
    settings: Settings,
    redaction: Redaction,
    resources: Resources,
    wrap: Wrap | None,
    metrics: Metrics,
) -> tuple[Accounts, Mapping[str, TokenManager]]:
    """Every account, and the managers of those that want a login each day."""
    accounts: list[Account] = []
    managers = _token_managers(settings, resources.clock, redaction)
    resources = replace(resources, tokens=managers)
    for known in settings.accounts:
        lent = replace(resources, orders_per_second=known.orders_per_second)
        broker = open_broker(known.broker, known.name, known.options, lent)
        metered = MeteredBroker(
            wrap(broker) if wrap else broker,
            metrics.observe_broker(known.broker),
            resources.clock,
        )
        account = Account(
            known.name, metered, known.limits, known.default_position_size, known.sessions
        )
        accounts.append(account)
    return Accounts(accounts, settings.default_account), managers


def _token_managers(
    settings: Settings, clock: Clock, redaction: Redaction
) -> Mapping[str, TokenManager]:
    """One for each account whose broker wants a login each day."""
    wanted = [account for account in settings.accounts if account.broker in DAILY_LOGIN]
    if not wanted:
        return {}
    from app.adapters.tokens.fyers import FyersDesk, read_login_options
    from app.adapters.tokens.opening import TokenPlace, open_store

    place = TokenPlace(
        kind=settings.token_store,
        folder=settings.data_dir / TOKENS,
        key=settings.token_key.get_secret_value(),
        previous_key=settings.token_key_previous.get_secret_value(),
        bucket=settings.gcs_bucket_name,
        object_name=settings.gcs_tokens_file,
        key_file=settings.google_application_credentials,
        plain_name_for=wanted[0].name,
    )
    managers: dict[str, TokenManager] = {}
    for account in wanted:
        options = read_login_options(account.name, account.options)
        managers[account.name] = TokenManager(
            account.name,
            open_store(place, account.name, options.app_id),
            FyersDesk(options, clock),
            clock,
            uuid.uuid4().hex,
            redaction.hide,
        )
    return managers


def pools_of(settings: Settings, given: Executor | None) -> Mapping[str, Executor]:
    """A pool for each account."""
    names = [NO_ACCOUNT, *(account.name for account in settings.accounts)]
    return {
        name: given or ThreadPoolExecutor(LANE_THREADS, thread_name_prefix=f"novalgo-lane-{name}")
        for name in names
    }
