"""The genres of one run side by side: growth from genre to genre is said in words and drawn to scale."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

from beatporter.memory.overview import GenreMemory, overview_line, overview_markdown, overview_svg

SVG = "{http://www.w3.org/2000/svg}"
GROWING = [
    GenreMemory("house", 200.0, 260.0, 210.0),
    GenreMemory("techno", 210.0, 280.0, 230.0),
    GenreMemory("trance", 230.0, 300.0, 250.0),
]
FAILED = GenreMemory("amapiano", None, None, None)


def test_growth_in_one_process_is_told_as_a_figure_per_genre() -> None:
    text = overview_markdown(GROWING, one_process=True)
    assert "highest peak was **300 MB** (trance)" in text
    assert "210 MB were in RAM after the first and 250 MB after the last, **+20.0 MB a genre**" in text
    assert "| house | 200.0 MB | 260.0 MB | 210.0 MB | +10.0 MB |" in text


def test_processes_of_their_own_cannot_grow_from_genre_to_genre() -> None:
    text = overview_markdown(GROWING, one_process=False)
    assert "a genre**" not in text
    assert "process of its own" in text


def test_the_picture_is_to_scale_and_inline() -> None:
    text = overview_markdown(GROWING, one_process=True)
    data = text.split("data:image/svg+xml;base64,")[1].split(")")[0]
    svg = ElementTree.fromstring(base64.b64decode(data))  # noqa: S314 - our own
    heights = [float(bar.attrib["height"]) for bar in svg.findall(f"{SVG}rect")]
    assert len(heights) == 3
    assert abs(heights[0] / heights[2] - 260 / 300) < 0.01
    (line,) = svg.findall(f"{SVG}polyline")
    assert len(line.attrib["points"].split()) == 3


def test_a_genre_without_figures_keeps_its_row_and_stays_out_of_the_picture() -> None:
    text = overview_markdown([*GROWING, FAILED], one_process=True)
    assert "| amapiano | unknown | unknown | unknown | unknown |" in text
    assert overview_svg([*GROWING, FAILED]) == overview_svg(GROWING)
    assert overview_svg([FAILED, GROWING[0]]) == ""
    assert "No genre's figures are known" in overview_markdown([FAILED], one_process=True)


def test_one_genre_in_a_few_words() -> None:
    assert overview_line(GROWING[0]) == "peak 260 MB, 60 MB above the start"
    assert "no figures" in overview_line(FAILED)
