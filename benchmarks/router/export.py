"""`make lane-curves MODEL=name`: keep a deployment's curves of a model, for `make bench-router`.

Reads `lane_curves`, `lane_observations` and the lanes file of the stack it runs in, and writes
`benchmarks/results/lane-curves-<model>.json`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.router.lane_curves import measured_lanes, path_of, save
from include.domain.errors import TwolaneError
from include.wiring.money import money

RESULTS = Path(__file__).parents[1] / "results"


def main() -> int:
    """Write the file; return 1 with the reason on stderr where there is nothing to write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.router.export", description=__doc__)
    parser.add_argument("model", help="its name in the registry")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    options = parser.parse_args()
    try:
        product = money()
        lanes = measured_lanes(
            options.model,
            profiles=product.lanes.profiles(),
            book=product.curve_book,
            is_emulated=product.settings.is_emulated,
            now=datetime.now(UTC),
        )
    except (TwolaneError, ValueError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    path = path_of(options.results, options.model)
    save(path, lanes)
    for each in lanes.curves:
        print(f"{each.key.lane.value:16} {each.key.instance_type:18} {each.observations:>4} seen")
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
