"""The README's table of measurements, made from the kept results."""

from pathlib import Path
from typing import cast

from benchmarks.common import Result

_START, _END = "<!-- bench:start -->", "<!-- bench:end -->"


def renew(readme: Path, results: Result) -> None:
    """Replace what stands between the markers; the results that are missing leave no row."""
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(_START)
    _, _, after = rest.partition(_END)
    readme.write_text(f"{before}{_START}\n{table(results)}\n{_END}{after}", encoding="utf-8")


def table(results: Result) -> str:
    """A Markdown table: what was measured, the number, and what was asked for."""
    machine = cast("Result", results["machine"])
    rows = [
        (what, number, bar)
        for what, name, pattern, bar in _ROWS
        if (number := _filled(pattern, results.get(name))) is not None
    ]
    lines = ["| what | measured | bar |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    lines.append("")
    lines.append(
        f"{machine['cores']} cores of a shared {machine['cpu']}, {machine['memory_gb']} GB, "
        f"Python {machine['python']}, {results['when']}; `make bench` measures again, "
        "[all numbers](benchmarks/results/latest.json)."
    )
    return "\n".join(lines)


def _filled(pattern: str, result: object) -> str | None:
    """A pattern with the result's numbers in it; None if they were not measured."""
    try:
        return None if result is None else pattern.format(r=result)
    except KeyError:  # kept from before these were measured
        return None


_ROWS = (
    ("base install, all wheels", "install", "{r[megabytes]} MB", "150 MB"),
    ("`saccade --help`", "help", "{r[p50_ms]:.0f} ms", "300 ms"),
    (
        "indexing full-size JPEGs, share of bare decode + bare encode",
        "throughput",
        "{r[ratio_median]} ({r[ratio_min]} to {r[ratio_max]}; images/s: {r[images_per_s]})",
        "0.90",
    ),
    ("peak memory of all processes, 7,091 images", "memory", "{r[peak_mb]} MB", "900 MB"),
    ("second run, 100,000 unchanged files", "rescan", "{r[p50_ms]:.0f} ms", "3,000 ms"),
    (
        "text query among 1,000,000, p50 / p95",
        "million",
        "{r[text_query][p50_ms]} / {r[text_query][p95_ms]} ms",
        "5 / 12 ms",
    ),
    (
        "the same, times bare text encoding + bare index search",
        "million",
        "{r[text_query_ratio]} x",
        "2.5 x",
    ),
    ("ANN recall@10 of these", "million", "{r[ann_recall_at_10]}", "0.98"),
    ("the same with a filter that 1 % match, p95", "million", "{r[filtered_1_percent][p95_ms]} ms", "30 ms"),
    ("index build, 1,000,000 x 384", "million", "{r[build_semantic_s]} s", "120 s"),
    (
        "cold `saccade search` among 100,000, times the imports of its four large libraries alone",
        "cold",
        "{r[command_ratio]} x, {r[p50_ms]:.0f} ms, {r[peak_resident_mb]} MB",
        "2.0 x, 300 MB",
    ),
    (
        "the same in Python: `open_library` and a first text query",
        "cold",
        "{r[first_query_ratio]} x, {r[first_query][p50_ms]:.0f} ms",
        "1.5 x",
    ),
    (
        "text to image, flickr8k dev, hit rate@1/5/10 (%)",
        "encoder",
        (
            "{r[flickr8k_dev][text_to_image][@1]} / {r[flickr8k_dev][text_to_image][@5]} / "
            "{r[flickr8k_dev][text_to_image][@10]}"
        ),
        "21 / 50 / 65",
    ),
    (
        "image to text, flickr8k dev",
        "encoder",
        (
            "{r[flickr8k_dev][image_to_text][@1]} / {r[flickr8k_dev][image_to_text][@5]} / "
            "{r[flickr8k_dev][image_to_text][@10]}"
        ),
        "",
    ),
    (
        "text to image, 176 COCO photos",
        "encoder",
        (
            "{r[coco_photos][text_to_image][@1]} / {r[coco_photos][text_to_image][@5]} / "
            "{r[coco_photos][text_to_image][@10]}"
        ),
        "",
    ),
    (
        "copy recall over 14 edits at 1e-5 false pairs (lowest edit)",
        "encoder",
        "{r[copy][mixed][recall]} ({r[copy][mixed][lowest]})",
        "0.95 (0.75)",
    ),
    ("confidence: AUROC, captions against queries about nothing", "confidence", "{r[auroc]}", "0.85"),
    (
        "clusters, agreement with hand-made labels (AMI): imagenet_photos, flickr8k dev",
        "clusters",
        (
            "{r[quality][imagenet_photos][saccade auto][ami]}, {r[quality][flickr8k_dev][saccade auto][ami]} "
            "(scikit-learn's KMeans {r[quality][imagenet_photos][scikit-learn KMeans, defaults (k 8)][ami]}, "
            "{r[quality][flickr8k_dev][scikit-learn KMeans, defaults (k 8)][ami]}; its HDBSCAN "
            "{r[quality][imagenet_photos][scikit-learn HDBSCAN, defaults (5)][ami]}, "
            "{r[quality][flickr8k_dev][scikit-learn HDBSCAN, defaults (5)][ami]})"
        ),
        "above both",
    ),
    (
        "clusters of 100,000 images, density / k-means",
        "clusters",
        "{r[hundred_thousand][density][seconds]} / {r[hundred_thousand][kmeans][seconds]} s",
        "60 s",
    ),
    (
        "recommend, recall@20 on simulated users (flickr8k dev; popularity, mean similarity)",
        "recommendation",
        (
            "{r[flickr8k_dev][methods][recommend][recall@20][0]} "
            "({r[flickr8k_dev][methods][popularity][recall@20][0]}, "
            "{r[flickr8k_dev][methods][mean similarity][recall@20][0]})"
        ),
        "above both",
    ),
    (
        "14 edits of each picture found among 7,091 other images, recall / precision",
        "duplicates",
        "{r[recall]} / {r[precision]}",
        "0.95 / 0.99",
    ),
    (
        "pHash at distance 10 on the same pictures, recall / precision",
        "duplicates",
        "{r[phash][recall]} / {r[phash][precision]}",
        "",
    ),
    ("bridge-mods: edits found", "bridge", "{r[found]} of {r[edits]}", "11 of 11"),
    (
        "1,000,000 x 256 joined with each other: minutes, memory, recall at the copy threshold",
        "join",
        "{r[minutes]} min, {r[peak_gb]} GB, {r[recall_from_copy_threshold]}",
        "10 min, 4 GB",
    ),
    (
        "a new picture checked against 1,000,000, p50 / p95",
        "check",
        "{r[search][p50_ms]} / {r[search][p95_ms]} ms",
        "p95 10 ms",
    ),
    (
        "copies distinguished from look-alikes by pixels, recall / precision / ms per look-alike",
        "verification",
        (
            "{r[alignment-1][recall]} / {r[alignment-1][precision]} / "
            "{r[alignment-1][ms_per_pair][look_alike_p50]}"
        ),
        "0.95 / 0.99 / 30",
    ),
    (
        "1,000,000 images tagged with 1,000 labels: decided / stored",
        "tag-million",
        "{r[deciding_s]} / {r[with_storing_s]} s",
        "60 s",
    ),
    (
        "taught with 1 / 5 / 20 examples a class: accuracy, solar cells",
        "tagging",
        (
            "{r[taught_solar_cells][examples_alone][@1][accuracy_mean]} / "
            "{r[taught_solar_cells][examples_alone][@5][accuracy_mean]} / "
            "{r[taught_solar_cells][examples_alone][@20][accuracy_mean]}"
        ),
        "",
    ),
    (
        "solar cells: AUROC, good cells only to learn from (lowest to highest of 5 splits)",
        "outliers",
        (
            "{r[solar_cells][patches][mean]} ({r[solar_cells][patches][min]} to "
            "{r[solar_cells][patches][max]})"
        ),
        "0.90",
    ),
    (
        "10 solar cells in 7,090 photos: worst rank in three draws",
        "outliers",
        "{r[planted_strangers][worst]}",
        "20",
    ),
)
