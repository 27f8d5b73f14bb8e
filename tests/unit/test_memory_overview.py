"""The genres of one run compared: the verdict on growth, a picture to scale, and the lines that grow."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from beatporter.memory.overview import GenreMemory, Overview, growing_lines, overview_line, overview_markdown
from beatporter.memory.picture import genres_svg
from beatporter.memory.records import Holder

SVG = "{http://www.w3.org/2000/svg}"
FAILED = GenreMemory("amapiano", None, None, None)


def genres(step_mb: float, count: int = 10, leak: Holder | None = None) -> list[GenreMemory]:
    """Genres that each leave `step_mb`; the first one leaves 30 MB more."""
    found = []
    before = 200.0
    for number in range(count):
        after = before + step_mb + (30 if number == 0 else 0)
        found.append(GenreMemory(f"genre-{number}", before, after + 10, after, (leak,) if leak else ()))
        before = after
    return found


def test_a_process_that_grows_is_called_growing_and_the_line_is_named() -> None:
    leak = Holder("keep_everything", "beatporter/x.py:7", 2 * 2**20, 4, True)
    overview = Overview(genres(2.0, leak=leak), one_process=True, process_peak_mb=260)
    text = overview_markdown(overview)
    assert "memory is **growing**: +2.00 MB a genre (95 %: +2.00 to +2.00)" in text
    assert "| keep\\_everything | beatporter/x.py:7 | 2.00 | 9 |" in text
    assert overview_line(overview) == "highest peak 260 MB, growing"


def test_a_process_that_stays_is_called_flat_whatever_its_first_genre_loaded() -> None:
    overview = Overview(genres(0.01), one_process=True)
    assert "memory is **flat**" in overview_markdown(overview)
    assert "Lines that left" not in overview_markdown(overview)


def test_few_genres_and_processes_of_their_own_get_no_verdict() -> None:
    assert "too few to say" in overview_markdown(Overview(genres(2.0, 5), one_process=True)), "the first does not count"
    assert "growing" in overview_markdown(Overview(genres(2.0, 6), one_process=True))
    text = overview_markdown(Overview(genres(2.0), one_process=False, process_peak_mb=150))
    assert "growing" not in text
    assert "process of its own" in text
    assert "This run's own process took 150 MB at most." in text


def test_a_peak_that_no_genre_owns_is_the_highest() -> None:
    text = overview_markdown(Overview(genres(0.0), one_process=True, process_peak_mb=301))
    assert "The highest peak was **301 MB**, outside of the genres" in text
    assert "301 MB" not in overview_markdown(Overview(genres(0.0), one_process=True, process_peak_mb=240))


def test_lines_that_only_some_genres_left_or_hardly_anything_are_not_named() -> None:
    once = Holder("once", "x.py:1", 2**20, 1, True)
    tiny = Holder("tiny", "x.py:2", 100, 1, True)
    found = [replace(genre, left=(tiny, *([once] if number == 3 else []))) for number, genre in enumerate(genres(1.0))]
    assert growing_lines(found) == []


def test_the_picture_is_to_scale() -> None:
    svg = ElementTree.fromstring(genres_svg([(50, 100), (60, 200)]))  # noqa: S314 - our own
    bars = svg.findall(f"{SVG}rect")
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert abs(heights[0] / heights[1] - 100 / 200) < 0.01
    (line,) = svg.findall(f"{SVG}polyline")
    assert len(line.attrib["points"].split()) == 2


def test_a_genre_without_figures_keeps_its_row_and_stays_out_of_the_picture() -> None:
    known = genres(1.0, 3)
    text = overview_markdown(Overview([*known, FAILED], one_process=True))
    assert "| amapiano | unknown | unknown | unknown | unknown |" in text
    assert "| genre-1 | 231.0 MB | 242.0 MB | 232.0 MB | +1.0 MB |" in text
    assert genres_svg([(None, None), (1.0, 2.0)]) == ""
    assert "No genre's figures are known" in overview_markdown(Overview([FAILED], one_process=True))
    assert overview_line(Overview([FAILED], one_process=True)) == "no figures"


def test_genres_above_their_budget_are_named() -> None:
    text = overview_markdown(Overview(genres(1.0), True, over_budget={"genre-1": "The run took 400 MB."}))
    assert "> **Over budget.** genre-1: The run took 400 MB." in text
