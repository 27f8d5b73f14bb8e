"""The memory report as text: right figures, right words, nothing that Markdown or HTML would take for its own."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from beatporter.memory.markdown import report_markdown
from beatporter.memory.records import Details, Holder, MemoryReport, Moment
from beatporter.memory.resident import peak_bytes, resident_bytes
from beatporter.memory.timeline import timeline_image, timeline_svg
from tests.timeouts import TIMEOUT_S

MB = 2**20
DETAILS = Details(
    peak_bytes=40 * MB,
    import_bytes=30 * MB,
    allocations=123_456,
    places=(Holder("read_row", "beatporter/beatport/rows.py:40", 10 * MB, 7, True), Holder("load", "json/__init__.py:1", 2 * MB, 3, False)),
    own=(Holder("read_row", "beatporter/beatport/rows.py:40", 12 * MB, 9, True),),
    timeline=(Moment(0.0, 100 * MB, 0), Moment(0.5, 180 * MB, 40 * MB), Moment(1.0, 120 * MB, 5 * MB)),
)
REPORT = MemoryReport(
    started_at=datetime(2026, 11, 20, tzinfo=UTC),
    duration_s=1.25,
    rss_before_bytes=100 * MB,
    rss_after_bytes=120 * MB,
    peak_rss_bytes=180 * MB,
    peak_is_exact=True,
    details=DETAILS,
    note="",
    capture="memory-house.20261120T000000000000Z.bin",
)


def test_the_figures_and_what_they_mean_are_told() -> None:
    text = report_markdown(REPORT, "Memory of house")
    for line in (
        "| In RAM before | 100.0 MB |",
        "| In RAM at the peak | 180.0 MB |",
        "| In RAM after | 120.0 MB |",
        "| Duration | 1.2 s |",
    ):
        assert line in text
    assert "raised that by 80.0 MB at its peak and left +20.0 MB behind" in text
    assert "libraries being loaded" in text
    assert "| ● read\\_row | beatporter/beatport/rows.py:40 | 12.00 | 30% | 9 |" in text
    assert "| load | json/\\_\\_init\\_\\_.py:1 | 2.00 | 5% | 3 |" in text


def test_a_peak_that_is_only_a_lower_bound_is_called_so() -> None:
    assert "| In RAM at the peak | at least 180.0 MB |" in report_markdown(replace(REPORT, peak_is_exact=False), "x")


def test_without_details_and_figures_the_report_says_what_is_missing() -> None:
    bare = replace(
        REPORT, details=None, note="memray does not exist for this system.", capture="", peak_rss_bytes=None, rss_before_bytes=None
    )
    text = report_markdown(bare, "Memory of house")
    assert "does not tell how much memory" in text
    assert "**Note:** memray does not exist" in text
    assert "| In RAM at the peak | unknown |" in text
    assert "flamegraph" not in text


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "a|b\n| c |", "**x** _y_ `z` [l](http://h)", "![i](data:x)", "# head", "&lt;b&gt;"]
)
def test_names_from_outside_are_shown_as_they_are(hostile: str) -> None:
    holder = Holder(hostile, hostile, MB, 1, False)
    text = report_markdown(replace(REPORT, details=replace(DETAILS, places=(holder,), own=()), note=hostile), hostile)
    assert not re.search(r"(?<!\\)<", text), "the name made HTML"
    rows = [line for line in text.splitlines() if line.endswith("| 1.00 | 2% | 1 |")]
    assert len(rows) == 1, "the name broke the table"
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 6, "the name made a column"
    shown = re.sub(r"\\(.)", r"\1", rows[0])
    assert " ".join(hostile.split()) in shown
    assert not re.search(r"(?<!\\)[`\[]", rows[0]), "the name made a link or code"


def test_the_timeline_is_one_inline_picture_within_its_frame() -> None:
    image = timeline_image(DETAILS.timeline)
    assert image.startswith("![Memory over time](data:image/svg+xml;base64,")
    svg = ElementTree.fromstring(base64.b64decode(image.split("base64,")[1].rstrip(")")))  # noqa: S314 - our own
    lines = svg.findall("{http://www.w3.org/2000/svg}polyline")
    points = [tuple(map(float, point.split(","))) for line in lines for point in line.attrib["points"].split()]
    assert len(points) == 6
    assert all(0 <= x <= 640 and 0 <= y <= 140 for x, y in points)
    assert "180 MB" in timeline_svg(DETAILS.timeline)


@pytest.mark.parametrize("moments", [(), (Moment(0.0, 1, 1),)])
def test_too_few_moments_make_no_picture(moments: tuple[Moment, ...]) -> None:
    assert timeline_image(moments) == ""


def test_moments_without_time_or_memory_make_no_error() -> None:
    assert "svg" in timeline_svg((Moment(0.0, 0, 0), Moment(0.0, 0, 0)))


def test_the_kernel_tells_of_this_process() -> None:
    now, most = resident_bytes(), peak_bytes()
    if sys.platform == "win32":
        pytest.skip("Windows tells neither")
    assert now is not None
    assert most is not None
    assert 5 * MB < now <= most * 1.05, "the peak is below what is in use"


def test_loading_capture_and_report_loads_no_memray_prefect_or_pyarrow() -> None:
    script = "import sys, beatporter.memory.capture, beatporter.memory.report; print(*sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root, timeout=TIMEOUT_S)
    assert not {"memray", "prefect", "pyarrow", "pandas", "requests", "bs4"} & set(done.stdout.split())
