"""Cells to write, as few rectangles: a request to Google may hold 2 MB, addresses included."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from app.adapters.playbook.sheets.reading import Value
from app.adapters.playbook.sheets.wire import Patch


def batched(patches: Sequence[Patch]) -> Sequence[Patch]:
    """The same cells, those that stand beside and below each other together."""
    cells = {
        (patch.row + down, patch.column + along): value
        for patch in patches
        for down, line in enumerate(patch.cells)
        for along, value in enumerate(line)
    }
    blocks: list[tuple[int, int, list[Sequence[Value]]]] = []
    lowest: dict[tuple[int, int], tuple[int, list[Sequence[Value]]]] = {}
    for row, places in groupby(sorted(cells), key=lambda place: place[0]):
        for first, last in _runs(column for _, column in places):
            end, lines = lowest.get((first, last), (0, list[Sequence[Value]]()))
            if end != row:
                lines = list[Sequence[Value]]()
                blocks.append((row, first, lines))
            lines.append([cells[row, column] for column in range(first, last + 1)])
            lowest[first, last] = row + 1, lines
    return [Patch(*block) for block in blocks]


def _runs(columns: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of columns that stand beside each other."""
    for _, run in groupby(enumerate(columns), key=lambda each: each[1] - each[0]):
        beside = [column for _, column in run]
        yield beside[0], beside[-1]
