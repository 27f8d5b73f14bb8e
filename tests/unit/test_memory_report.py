"""The memory report as text: right figures, right words, and Markdown and HTML escaped."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from beatporter.memory.markdown import Surroundings, report_line, report_markdown
from beatporter.memory.past_runs import standing
from beatporter.memory.picture import scale_for, timeline_svg, trend_svg
from beatporter.memory.records import Holder, Moment, ProcessMemory, Step
from beatporter.memory.resident import peak_bytes, process_peak_bytes, resident_bytes
from tests.timeouts import TIMEOUT_S
from tests.unit.memory_examples import AT, DETAILS, FACTS, MB, REPORT, row

SVG = "{http://www.w3.org/2000/svg}"
ALONE = Surroundings(None, 350.0)


def test_it_leads_with_the_peak_its_step_and_what_is_above_the_start() -> None:
    text = report_markdown(REPORT, ALONE)
    lead = text.split("\n\n")[1]
    assert lead == "Peak **180 MB** in **match-tracks**: 80 MB above the start, +20 MB afterwards. Its budget is 350 MB."
    assert "Of the 40 MB that the run itself had allocated then, read\\_row held 12 MB; 30 MB are modules being loaded" in text
    assert report_line(REPORT, 350.0) == "peak 180 MB in match-tracks, 80 MB above the start"


def test_each_step_has_its_peak_what_it_left_its_time_and_who_held_most() -> None:
    text = report_markdown(REPORT, ALONE)
    assert "| 1 | scrape-chart | 130 MB | +10 MB | 0.40 | read\\_row 5.0 MB |" in text
    assert "| 2 | match-tracks | 180 MB | +10 MB | 0.60 | read\\_row 12 MB |" in text


def test_our_functions_come_before_those_that_asked_for_the_memory() -> None:
    text = report_markdown(REPORT, ALONE)
    assert text.index("| ● read\\_row | 12.00 | 30% | beatporter/beatport/rows.py:40 | 9 |") < text.index("| load | 2.00 | 5% | json/")
    assert text.index("## What holds the peak") < text.index("## What was left behind")
    assert "| ● read\\_row | 3.00 | 75% | beatporter/beatport/rows.py:40 | 9 |" in text


def test_a_reservation_is_not_called_memory() -> None:
    text = report_markdown(replace(REPORT, details=replace(DETAILS, reserved_bytes=1024 * MB)), ALONE)
    assert "1024 MB of address space were reserved, which is not memory" in text
    assert "Peak **180 MB**" in text


def test_a_run_above_its_budget_says_so_first() -> None:
    text = report_markdown(REPORT, Surroundings(None, 150.0))
    assert text.split("\n\n")[1].startswith("> **Over budget.** The run took 180 MB in match-tracks, its budget is 150 MB")
    assert report_line(REPORT, 150.0).endswith("over budget")
    assert "Over budget" not in report_markdown(REPORT, Surroundings(None, 180.0)), "a budget that is met exactly"


def test_a_killed_run_says_when_where_and_who() -> None:
    steps = (REPORT.steps[0], Step("match-tracks", 0.4, None, 110 * MB))
    killed = replace(REPORT, state="killed", steps=steps, rss_after_bytes=412 * MB)
    text = report_markdown(killed, ALONE)
    assert "**Killed at 412 MB, in match-tracks, held by read\\_row (3.0 MB) and load (2.0 MB).**" in text
    assert "| 2 | match-tracks | unknown | – | did not end |" in text
    assert report_line(killed, 350.0) == "killed at 412 MB, in match-tracks"
    assert "before its first step" in report_line(replace(killed, steps=()), 350.0)
    assert "after scrape-chart" in report_line(replace(killed, steps=steps[:1]), 350.0)


def test_what_earlier_runs_took_is_said_and_drawn() -> None:
    earlier = [row(180 + number % 3, at=AT - timedelta(days=number)) for number in range(1, 9)]
    around = Surroundings(standing(replace(REPORT, peak_rss_bytes=240 * MB), earlier), 350.0)
    text = report_markdown(replace(REPORT, peak_rss_bytes=240 * MB), around)
    assert "**More than usual**: the last 8 runs like it peaked at 181 MB" in text
    assert "![Peaks of the last runs](data:image/svg+xml;base64," in text
    assert text.index("| 2026-11-19 06:30 | 181 MB | 81 MB | 17 | abcdef12 |") < text.index("| 2026-11-18 06:30 |")
    few = Surroundings(standing(REPORT, earlier[:2]), 350.0)
    assert "Earlier runs like it: 2, too few" in report_markdown(REPORT, few)


def test_the_processes_are_named_and_added_up() -> None:
    processes = (ProcessMemory("this run", 100 * MB, 180 * MB, 80 * MB), ProcessMemory("server", 300 * MB, 310 * MB, None, 2))
    text = report_markdown(replace(REPORT, processes=processes), ALONE)
    assert "| this run | 100 MB | 80 MB | 180 MB |" in text
    assert "| server (2) | 300 MB | unknown | 310 MB |" in text
    assert "| **together** | | **380 MB** | |" in text


def test_the_pages_of_a_capture_are_linked() -> None:
    text = report_markdown(REPORT, Surroundings(None, 350.0, [("flame graph", "http://127.0.0.1:4280/captures/x/flamegraph")]))
    assert "[flame graph](http://127.0.0.1:4280/captures/x/flamegraph)" in text
    assert REPORT.capture in text
    assert "flame graph" not in report_markdown(replace(REPORT, capture=""), Surroundings(None, 350.0, [("flame graph", "http://x")]))


def test_a_peak_that_is_only_a_lower_bound_is_called_so() -> None:
    assert "Peak **at least 180 MB**" in report_markdown(replace(REPORT, peak_is_exact=False), ALONE)


def test_without_details_and_figures_the_report_says_what_is_missing() -> None:
    bare = replace(
        REPORT, details=None, note="memray does not exist for this system.", capture="", peak_rss_bytes=None, rss_before_bytes=None
    )
    text = report_markdown(bare, ALONE)
    assert "does not say how much memory" in text
    assert "**Note:** memray does not exist" in text
    assert report_line(bare, 350.0) == "the system gives no figures"


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "a|b\n| c |", "**x** _y_ `z` [l](http://h)", "![i](data:x)", "# head", "&lt;b&gt;"]
)
def test_names_from_outside_are_shown_as_they_are(hostile: str) -> None:
    holder = Holder(hostile, hostile, MB, 1, False)
    details = replace(DETAILS, places=(holder,), own=(), left=(), steps=())
    text = report_markdown(replace(REPORT, facts=replace(FACTS, genre=hostile), details=details, note=hostile, capture=""), ALONE)
    assert not re.search(r"(?<!\\)<", text), "the name made HTML"
    rows = [line for line in text.splitlines() if "| 1.00 | 2% |" in line]
    assert len(rows) == 1, "the name broke the table"
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 6, "the name made a column"
    assert " ".join(hostile.split()) in re.sub(r"\\(.)", r"\1", rows[0])
    assert not re.search(r"(?<!\\)[`\[]", rows[0]), "the name made a link or code"


def test_the_timeline_marks_the_steps_and_does_not_begin_at_zero_where_that_hides_everything() -> None:
    near = (Moment(0.0, 200 * MB, 0), Moment(0.5, 214 * MB, 0), Moment(1.0, 210 * MB, 0))
    svg = timeline_svg(near, REPORT.steps, budget_mb=230)
    tree = ElementTree.fromstring(svg)  # noqa: S314 - our own
    points = [tuple(map(float, point.split(","))) for line in tree.findall(f"{SVG}polyline") for point in line.attrib["points"].split()]
    assert len(points) == 3
    assert max(y for _, y in points) - min(y for _, y in points) > 30, "14 MB of 214 cannot be seen"
    assert len(tree.findall(f"{SVG}rect")) == 2
    texts = [element.text for element in tree.findall(f"{SVG}text")]
    assert {"1", "2", "budget"} <= set(texts)
    assert "0" not in texts
    assert "0" in [element.text for element in ElementTree.fromstring(timeline_svg(DETAILS.timeline)).findall(f"{SVG}text")]  # noqa: S314
    assert "budget" not in timeline_svg(near, REPORT.steps, budget_mb=900), "a budget far away would flatten the line"


def test_pictures_stay_within_their_frame() -> None:
    for svg in (timeline_svg(DETAILS.timeline, REPORT.steps, 200.0, 9.0), trend_svg([100, 300, 200], 180, 220)):
        for element in ElementTree.fromstring(svg).iter():  # noqa: S314 - our own
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", element.attrib.get("points", ""))]
            assert all(0 <= x <= 480 for x in numbers[::2])
            assert all(0 <= y <= 200 for y in numbers[1::2])


@pytest.mark.parametrize("moments", [(), (Moment(0.0, 1, 1),)])
def test_too_few_moments_make_no_picture(moments: tuple[Moment, ...]) -> None:
    assert timeline_svg(moments) == ""
    assert trend_svg([1.0]) == ""


def test_moments_without_time_or_memory_make_no_error() -> None:
    assert "svg" in timeline_svg((Moment(0.0, 0, 0), Moment(0.0, 0, 0)))


def test_a_scale_holds_its_values() -> None:
    for values in ([0.0, 0.0], [5.0, 5.0], [100, 101], [1, 1000]):
        scale = scale_for(values)
        assert scale.low <= min(values) < scale.high
        assert max(values) <= scale.high


def test_the_kernel_knows_this_process() -> None:
    now, most, ever = resident_bytes(), peak_bytes(), process_peak_bytes()
    if sys.platform == "win32":
        pytest.skip("Windows gives neither")
    assert now is not None
    assert most is not None
    assert ever is not None
    assert 5 * MB < now <= most * 1.05, "the peak is below what is in use"
    assert ever >= most


def test_loading_capture_and_report_loads_no_memray_prefect_or_pyarrow() -> None:
    script = "import sys, beatporter.memory.capture, beatporter.memory.report, beatporter.memory.markdown; print(*sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root, timeout=TIMEOUT_S)
    assert not {"memray", "prefect", "pyarrow", "pandas", "requests", "bs4"} & set(done.stdout.split())
