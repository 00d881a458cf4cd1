"""The figures of a run: collected by the tests, printed as one table at the end."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; at most one of the aims is set."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def aim(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return "" if self.at_least is None else f">= {self.at_least:g}"

    @property
    def missed(self) -> bool:
        over = self.at_most is not None and self.value > self.at_most
        return over or (self.at_least is not None and self.value < self.at_least)

    def __str__(self) -> str:
        note = "missed" if self.missed else ""
        return (
            f"{self.name:<52}{_shown(self.value):>10} {self.unit:<10}{self.aim:<9}{note}".rstrip()
        )


@dataclass(slots=True)
class Board:
    """All figures, in the order in which they came."""

    figures: list[Figure] = field(default_factory=list[Figure])

    def note(self, name: str, value: float, unit: str = "", **aim: float) -> float:
        """Keep a figure and give its value."""
        self.figures.append(Figure(name=name, value=value, unit=unit, **aim))
        return value

    def save(self, file: Path) -> None:
        figures = {figure.name: round(figure.value, 4) for figure in self.figures}
        file.write_text(json.dumps(figures, indent=2) + "\n")


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
