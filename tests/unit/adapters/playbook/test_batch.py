"""Cells that are written together take few addresses, and stay where they are."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.adapters.playbook.sheets.batch import batched
from app.adapters.playbook.sheets.reading import Value
from app.adapters.playbook.sheets.wire import Patch

PLACES = st.tuples(st.integers(1, 6), st.integers(1, 6))


def placed(patches: list[Patch]) -> dict[tuple[int, int], Value]:
    return {
        (patch.row + down, patch.column + along): value
        for patch in patches
        for down, line in enumerate(patch.cells)
        for along, value in enumerate(line)
    }


@given(st.dictionaries(PLACES, st.integers()))
def test_every_cell_is_written_where_it_is_to_be_and_no_other(
    cells: dict[tuple[int, int], Value],
) -> None:
    patches = list(batched([Patch(*place, [[value]]) for place, value in cells.items()]))
    assert placed(patches) == cells
    assert sum(len(line) for patch in patches for line in patch.cells) == len(cells)


def test_what_stands_beside_and_below_each_other_is_one_rectangle() -> None:
    cells = [Patch(row, column, [[row * column]]) for row in (2, 3) for column in (5, 6)]
    assert batched(cells) == [Patch(2, 5, [[10, 12], [15, 18]])]
    assert len(batched([*cells, Patch(4, 5, [["a"]]), Patch(9, 5, [["b", "c"]])])) == 3


def test_of_two_values_for_a_cell_the_last_one_counts() -> None:
    assert batched([Patch(2, 1, [["a"]]), Patch(2, 1, [["b"]])]) == [Patch(2, 1, [["b"]])]


def test_ten_thousand_rows_fit_into_what_google_takes() -> None:
    line: list[Value] = ["SOMETHING", 1000.0, True, "15m"]
    cells = [
        Patch(row, column, [[value]])
        for row in range(2, 10_002)
        for column, value in enumerate(line, 1)
    ]
    (patch,) = batched(cells)
    assert len(json.dumps(patch.cells)) < 2_000_000 / 4
