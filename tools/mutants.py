"""Change the rules of the domain one by one: do the tests notice? Fails when too few do.

It needs `[tool.mutmut]` in pyproject.toml, and works on a copy of its own (`mutants/`).
"""

import re
import subprocess
import sys
from collections import Counter

LEAST = 90
_LINE = re.compile(r"^\s*(?P<name>\S+__mutmut_\d+): (?P<fate>.+)$", re.MULTILINE)
_NOTICED = {"killed", "timeout", "caught by type check"}


def main() -> int:
    """Run mutmut; print what nobody noticed, and how much was."""
    run = ["-m", "mutmut", "run", "--max-children", "2"]
    subprocess.run([sys.executable, *run], check=True)
    told = subprocess.run(
        [sys.executable, "-m", "mutmut", "results", "--all", "true"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    fates = {match["name"]: match["fate"] for match in _LINE.finditer(told)}
    survivors = sorted(name for name, fate in fates.items() if fate not in _NOTICED)
    print(*survivors, sep="\n")
    noticed = 100 * (len(fates) - len(survivors)) / max(len(fates), 1)
    print(f"{len(fates)} mutants, {noticed:.1f} % noticed: {dict(Counter(fates.values()))}")
    return int(noticed < LEAST)


if __name__ == "__main__":
    sys.exit(main())
