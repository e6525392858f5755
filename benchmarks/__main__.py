"""`python -m benchmarks [NAME ...]`: measure, print JSON, keep it, renew the README's table."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    clusters,
    data,
    duplicates,
    footprint,
    indexing,
    outliers,
    quality,
    query,
    recommendation,
    tagging,
    verification,
)
from benchmarks.common import Result, machine
from benchmarks.table import renew

_ROOT = Path(__file__).parents[1]
_SUITE: dict[str, Callable[[], Result]] = {
    "install": footprint.install,
    "help": footprint.help_text,
    "throughput": indexing.throughput,
    "memory": indexing.memory,
    "rescan": indexing.nothing_changed,
    "cold": query.cold,
    "million": query.million,
    "encoder": quality.encoder,
    "confidence": quality.confidence,
    "recommendation": recommendation.recommendation,
    "clusters": clusters.clusters,
    "verification": verification.verification,
    "duplicates": duplicates.copies,
    "bridge": duplicates.bridge,
    "join": duplicates.join,
    "check": duplicates.one_more,
    "data": data.data,
    "tagging": tagging.tagging,
    "tag-million": tagging.tag_million,
    "outliers": outliers.outliers,
}


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(_SUITE)}")
    parser.add_argument(
        "--keep", action="store_true", help="write results/latest.json and the README's table"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(_SUITE)
    if unknown:
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}")
    kept = _ROOT / "benchmarks" / "results" / "latest.json"
    results: Result = json.loads(kept.read_text()) if arguments.keep and kept.exists() else {}
    results |= {"when": datetime.now(UTC).date().isoformat(), "machine": machine()}
    for name in arguments.names or _SUITE:
        results[name] = _SUITE[name]()
        print(json.dumps({name: results[name]}, indent=2), flush=True)
        if arguments.keep:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(results, indent=2) + "\n")
    if arguments.keep:
        renew(_ROOT / "README.md", results)


if __name__ == "__main__":
    main()
