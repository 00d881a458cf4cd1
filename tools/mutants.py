"""Change the code where a fault costs money, one place at a time: does a test notice?

What is changed and which tests are asked stands in `[tool.mutmut]` of pyproject.toml; it works on a
copy (`mutants/`). Fails when too little is noticed in an area. docs/mutants.md says what is left.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

LEAST = 90
AREAS = {
    "sizing": ("sizing", "stake", "ticks"),
    "rules": ("limits", "protection", "trade_router"),
    "matching": ("book_order", "matching"),
    "ledger": ("grains", "ledger", "tally"),
    "states": ("endings", "row_word", "settlement", "status_tracker"),
}
_AREA_OF = {module: area for area, modules in AREAS.items() for module in modules}
_LINE = re.compile(r"^\s*(?P<name>\S+__mutmut_\d+): (?P<fate>.+)$", re.MULTILINE)
_NOTICED = {"killed", "timeout"}


def main() -> int:
    """Run mutmut; print what nobody noticed, and how much was."""
    failed = _mutmut("run", "--max-children", "2").returncode
    fates = read(_mutmut("results", "--all", "true").stdout)
    print(*(f"{name} {fate}" for name, fate in fates.items() if fate not in _NOTICED), sep="\n")
    shares = dict(noticed(fates))
    for area, (count, percent) in shares.items():
        print(f"{area:8} {count:5} mutants, {percent:5.1f} % noticed")
    return failed or int(any(percent < LEAST for _, percent in shares.values()))


def read(told: str) -> dict[str, str]:
    """What became of each mutant, from `mutmut results`."""
    return {match["name"]: match["fate"] for match in _LINE.finditer(told)}


def noticed(fates: dict[str, str]) -> Iterator[tuple[str, tuple[int, float]]]:
    """How many mutants each area has, and the percentage that a test noticed; then all."""
    areas = {name: _AREA_OF[name.split(".")[2]] for name in fates}
    whole, good = Counter(areas.values()), Counter[str]()
    for name, fate in fates.items():
        good[areas[name]] += fate in _NOTICED
    for area in AREAS:
        yield area, _share(good[area], whole[area])
    yield "all", _share(good.total(), whole.total())


def _share(good: int, whole: int) -> tuple[int, float]:
    return whole, 100 * good / max(whole, 1)


def _mutmut(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mutmut", *arguments]
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if ran.returncode:
        print(ran.stdout[-2000:])
    return ran


if __name__ == "__main__":
    sys.exit(main())
