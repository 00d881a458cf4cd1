"""When something is tried again that failed: later each time, and never much later."""

from dataclasses import dataclass

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0


@dataclass(slots=True)
class Pace:
    """`due`: when it may be tried, on a monotonic clock."""

    due: float = float("-inf")
    failures: int = 0

    def failed(self, now: float) -> None:
        """It failed: twice the pause of before, up to the longest."""
        self.due = now + min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self.failures = min(self.failures + 1, 10)

    def done(self, now: float, every: float) -> None:
        """It was done; the next time is after that."""
        self.due = now + every
        self.failures = 0
