"""`make bench`: every figure in one table, each as a ratio to a bare program's in the same run where one can be had."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import fades, footprint, lateness, pages, pure, resume, starts
from tests.benchmarks.table import Row, render

PARTS = {
    "pure": pure.measure,
    "starts": starts.measure,
    "fades": fades.measure,
    "lateness": lateness.measure,
    "resume": resume.measure,
    "footprint": footprint.measure,
    "pages": pages.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--keep", type=Path, help="leave databases and logs in this folder")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these")
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ambiance-bench-") as fresh:
        for part in asked.parts or PARTS:
            folder = (asked.keep or Path(fresh)).resolve() / part
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            began = time.monotonic()
            rows += PARTS[part](folder, asked.quick)
            print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n")
    print(render(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
