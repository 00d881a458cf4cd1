"""How much of the changed code was noticed, and in which area."""

from tools.mutants import AREAS, noticed, read

TOLD = """
    app.domain.sizing.x__by_risk__mutmut_7: killed
    app.domain.sizing.x__by_risk__mutmut_8: survived
    app.domain.ticks.x__floor__mutmut_1: timeout
    app.engine.endings.x_naked__mutmut_2: no tests
"""


def test_each_area_has_its_share() -> None:
    shares = dict(noticed(read(TOLD)))
    assert list(shares) == [*AREAS, "all"]
    assert [count for count, _ in shares.values()] == [3, 0, 0, 0, 1, 4]
    assert [round(percent) for _, percent in shares.values()] == [67, 0, 0, 0, 0, 50]
