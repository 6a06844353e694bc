"""Two runs side by side: `python -m bench.compare BEFORE AFTER`, files of BENCH_OUTPUT."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.figures import read


def main() -> None:
    """Print what both measured, and after by before: of the ratio where there is a peer."""
    before, after = (read(Path(name)) for name in sys.argv[1:3])
    for told, run in (("before", before), ("after", after)):
        print(f"{told}: {run.began}, {run.commit}, {run.cores} cores, load {run.load}")
    earlier = {one.what: one for one in before.figures}
    print(f"{'what':72}{'before':>14}{'after':>14}{'change':>9}")
    for one in after.figures:
        if (was := earlier.get(one.what)) is None:
            continue
        old, new = ((x.ratio if x.ratio is not None else x.measured) for x in (was, one))
        unit = "x peer" if one.peer else one.unit
        change = f"{new / old:9.2f}" if old else ""
        print(f"{f'{one.what}, {unit}':72}{old:14,.3f}{new:14,.3f}{change}")


if __name__ == "__main__":
    main()
