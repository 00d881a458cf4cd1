"""Many short freezes, and one that is longer than the real lease."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Serve
from tests.e2e.test_freeze import freeze_again_and_again

pytestmark = pytest.mark.torture


@pytest.mark.parametrize(("times", "lease"), [(20, 2), (2, 30)])
def test_a_frozen_process_does_nothing_twice_when_it_thaws(
    serve: Serve, tmp_path: Path, figures: list[str], seed: int, times: int, lease: float
) -> None:
    figures.append(freeze_again_and_again(serve, tmp_path, times=times, lease=lease, seed=seed))
