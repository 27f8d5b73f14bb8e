"""The memory report as a person reads it in Prefect's UI. Everything that comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beatporter.markdown import escape
from beatporter.memory.megabytes import show_bytes
from beatporter.memory.records import Details, Holder, MemoryReport
from beatporter.memory.timeline import timeline_image

_ROWS = 10


def report_markdown(report: MemoryReport, title: str) -> str:
    """The report as Markdown: figures in MB (2**20 bytes), what they mean, the functions at the peak, a timeline."""
    parts = [f"# {escape(title)}", _figures(report), _meaning(report)]
    if report.note:
        parts.append(f"**Note:** {escape(report.note)}")
    if report.details:
        parts += _details(report.details)
    if report.capture:
        parts.append(
            f"The whole capture is `profiles/{report.capture}` on the machine that ran this; `memray flamegraph` makes a picture of it."
        )
    return "\n\n".join(part for part in parts if part) + "\n"


def _figures(report: MemoryReport) -> str:
    at_least = "" if report.peak_is_exact or report.peak_rss_bytes is None else "at least "
    rows = [
        ("In RAM before", show_bytes(report.rss_before_bytes)),
        ("In RAM at the peak", at_least + show_bytes(report.peak_rss_bytes)),
        ("In RAM after", show_bytes(report.rss_after_bytes)),
    ]
    if report.details:
        rows.append(("Allocated by the run at its peak", show_bytes(report.details.peak_bytes)))
        rows.append(("… of which while loading modules", show_bytes(report.details.import_bytes)))
        rows.append(("Allocations and releases", f"{report.details.allocations:,}"))
    rows += [("Started", f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC"), ("Duration", f"{report.duration_s:.1f} s")]
    return "\n".join(["| Memory | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)])


def _meaning(report: MemoryReport) -> str:
    before, peak, after = report.rss_before_bytes, report.peak_rss_bytes, report.rss_after_bytes
    if before is None or peak is None or after is None:
        return "This system does not tell how much memory a process has in RAM."
    sentences = [
        f"{show_bytes(before)} were in use before the genre's first step: Python, Prefect and all that this process had done before.",
        f"The run raised that by {show_bytes(max(peak - before, 0))} at its peak and left {show_bytes(after - before, sign=True)} behind.",
    ]
    if report.details and report.details.import_bytes * 2 > report.details.peak_bytes:
        sentences.append("Most of what it allocated are libraries being loaded, which happens once in a process.")
    return " ".join(sentences)


def _details(details: Details) -> Iterator[str]:
    if image := timeline_image(details.timeline):
        yield image
        yield "Grey: in RAM. Blue: allocated by the run and not yet released."
    if details.own:
        yield "## Held at the peak for Beatporter's functions"
        yield "Each with the libraries that it called."
        yield _table(details.own, details.peak_bytes)
    if details.places:
        yield "## Where it was allocated"
        yield "The function that asked for the memory; ● is Beatporter's own."
        yield _table(details.places, details.peak_bytes)


def _table(holders: Sequence[Holder], peak_bytes: int) -> str:
    lines = ["| Function | Place | MB | Share | Blocks |", "|---|---|---:|---:|---:|"]
    for holder in holders[:_ROWS]:
        share = holder.held_bytes / peak_bytes if peak_bytes else 0.0
        name = ("● " if holder.own else "") + escape(holder.function)
        lines.append(f"| {name} | {escape(holder.place)} | {holder.held_bytes / 2**20:.2f} | {share:.0%} | {holder.allocations:,} |")
    return "\n".join(lines)
