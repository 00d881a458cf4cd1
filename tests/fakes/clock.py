"""A clock for tests."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


class FakeClock:
    """Time that stands still until a test moves it; by `tick` it goes on each time it is asked."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0
        self.tick = timedelta(0)

    def now(self) -> datetime:
        """The present, aware UTC."""
        self._now += self.tick
        return self._now

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self._monotonic

    def advance(self, by: timedelta | float) -> datetime:
        """Let time pass (a number is seconds) on both clocks; answers the new present."""
        passed = by if isinstance(by, timedelta) else timedelta(seconds=by)
        self._monotonic += passed.total_seconds()
        return self.jump(passed)

    def jump(self, by: timedelta) -> datetime:
        """Set the wall clock forward or back, as an administrator does; no time passes."""
        self._now += by
        return self._now
