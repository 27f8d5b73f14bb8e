"""The genres of one parent run side by side: whether memory grows from genre to genre is to be seen at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from beatporter.markdown import escape, svg_image
from beatporter.memory.megabytes import show_megabytes

_WIDTH, _HEIGHT = 640, 170
_LEFT, _BOTTOM, _TOP = 58, 22, 10


@dataclass(frozen=True, slots=True)
class GenreMemory:
    """A genre's resident memory in MiB by the kernel's count; None where it is not known, such as for a genre that failed."""

    genre: str
    before_mb: float | None
    peak_mb: float | None
    after_mb: float | None


def overview_markdown(genres: Sequence[GenreMemory], *, one_process: bool) -> str:
    """The artifact `memory`: what it says in words, a picture, and a table, in the order in which the genres ran.

    Args:
        one_process: the genres ran one after the other in one process, so that what a genre leaves behind the next one has too.
    """
    lines = [
        "| Genre | In RAM before | At the peak | After | Left behind |",
        "|---|---:|---:|---:|---:|",
        *(_row(genre) for genre in genres),
    ]
    parts = [
        "# Memory of the genres",
        _meaning(genres, one_process=one_process),
        _picture(genres),
        "\n".join(lines),
        "MB here are 1,048,576 bytes, by the kernel's count.",
    ]
    return "\n\n".join(part for part in parts if part)


def overview_line(genre: GenreMemory) -> str:
    """One genre's figures in a few words."""
    if genre.peak_mb is None or genre.before_mb is None:
        return "the system tells no figures"
    return f"peak {genre.peak_mb:.0f} MB, {max(genre.peak_mb - genre.before_mb, 0):.0f} MB above the start"


def overview_svg(genres: Sequence[GenreMemory]) -> str:
    """A bar for each genre from zero to its peak, and a line through what was in RAM after each; empty when less than two are known."""
    known = [(genre.after_mb, genre.peak_mb) for genre in genres if genre.after_mb and genre.peak_mb]
    if len(known) < 2:
        return ""
    most = max(max(pair) for pair in known)
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - 1
    step = (right - _LEFT) / len(known)
    up = (floor - _TOP) / most
    middles = [_LEFT + (index + 0.5) * step for index in range(len(known))]
    bars = "".join(
        f'<rect x="{x - step * 0.35:.1f}" y="{floor - peak * up:.1f}" width="{step * 0.7:.1f}" height="{peak * up:.1f}" fill="#9db8e8"/>'
        for x, (_, peak) in zip(middles, known, strict=True)
    )
    line = " ".join(f"{x:.1f},{floor - after * up:.1f}" for x, (after, _) in zip(middles, known, strict=True))
    text = 'font-family="sans-serif" font-size="11" fill="#888"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img">'
        "<title>Memory by genre: bars are peaks, the line is what was in RAM afterwards</title>"
        f'{bars}<polyline points="{line}" fill="none" stroke="#d9480f" stroke-width="2"/>'
        f'<path d="M{_LEFT} {_TOP}V{floor}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{_LEFT - 4}" y="{_TOP + 8}" text-anchor="end" {text}>{most:.0f} MB</text>'
        f'<text x="{_LEFT - 4}" y="{floor}" text-anchor="end" {text}>0</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}" {text}>first genre</text>'
        f'<text x="{right}" y="{_HEIGHT - 6}" text-anchor="end" {text}>last</text>'
        "</svg>"
    )


def _picture(genres: Sequence[GenreMemory]) -> str:
    image = svg_image(overview_svg(genres), "Memory by genre")
    return f"{image}\n\nBars: peak of each genre. Line: in RAM after it." if image else ""


def _meaning(genres: Sequence[GenreMemory], *, one_process: bool) -> str:
    after = [genre.after_mb for genre in genres if genre.after_mb]
    peaks = [(genre.peak_mb, genre.genre) for genre in genres if genre.peak_mb]
    if not peaks or not after:
        return "No genre's figures are known."
    peak_mb, highest = max(peaks)
    words = [f"The highest peak was **{peak_mb:.0f} MB** ({escape(highest)})."]
    if not one_process:
        words.append("Each genre had a process of its own, which gave everything back when it ended.")
    elif len(after) > 1:
        each_mb = (after[-1] - after[0]) / (len(after) - 1)
        words.append(
            f"The genres shared one process: {after[0]:.0f} MB were in RAM after the first and {after[-1]:.0f} MB after the last, "
            f"**{each_mb:+.1f} MB a genre**."
        )
    return " ".join(words)


def _row(genre: GenreMemory) -> str:
    left = genre.after_mb - genre.before_mb if genre.after_mb and genre.before_mb else None
    cells = (*(show_megabytes(value) for value in (genre.before_mb, genre.peak_mb, genre.after_mb)), show_megabytes(left, sign=True))
    return f"| {escape(genre.genre)} | {' | '.join(cells)} |"
