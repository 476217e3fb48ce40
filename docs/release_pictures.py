"""Take a release's pictures into docs/images: `make release-pictures SET=ag_news`.

From `make bench-models`, which leaves them in `benchmarks/results`. A comparison with the champion
is among them where the model had one.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS, IMAGES = ROOT / "benchmarks" / "results", ROOT / "docs" / "images"
PICTURES = ("confusion", "calibration", "accuracy-against-cost", "champion-against-challenger")


def main() -> int:
    """Copy them, and say which are not there; return the exit code: 1 where none is."""
    parser = argparse.ArgumentParser(description="Take a release's pictures into docs/images.")
    parser.add_argument("set", help="the documents' file name without its suffix, e.g. ag_news")
    name, copied = parser.parse_args().set, 0
    for picture in PICTURES:
        source = RESULTS / f"models-{name}-{picture}.png"
        if source.is_file():
            target = shutil.copyfile(source, IMAGES / f"release-{picture}.png")
            print(target.relative_to(ROOT))
            copied += 1
        else:
            print(f"no {source.relative_to(ROOT)}", file=sys.stderr)
    return 0 if copied else 1


if __name__ == "__main__":
    sys.exit(main())
