"""A small picture of a run's memory over time, as SVG that fits into a Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from beatporter.markdown import svg_image
from beatporter.memory.records import Moment

_WIDTH, _HEIGHT = 640, 140
_LEFT, _BOTTOM, _TOP = 58, 20, 10


def timeline_svg(moments: Sequence[Moment]) -> str:
    """Resident memory (grey) and what the run itself had allocated (blue) over time; empty for fewer than two moments."""
    if len(moments) < 2:
        return ""
    end_s = max(moment.at_s for moment in moments) or 1.0
    most = max(max(moment.rss_bytes, moment.heap_bytes) for moment in moments) or 1
    resident = _points([(moment.at_s / end_s, moment.rss_bytes / most) for moment in moments])
    heap = _points([(moment.at_s / end_s, moment.heap_bytes / most) for moment in moments])
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - 1
    text = 'font-family="sans-serif" font-size="11" fill="#888"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img">'
        "<title>Memory over time: grey in RAM, blue allocated by the run</title>"
        f'<path d="M{_LEFT} {_TOP}V{floor}H{right}" fill="none" stroke="#888"/>'
        f'<polyline points="{resident}" fill="none" stroke="#888" stroke-width="2"/>'
        f'<polyline points="{heap}" fill="none" stroke="#2f6fde" stroke-width="2"/>'
        f'<text x="{_LEFT - 4}" y="{_TOP + 8}" text-anchor="end" {text}>{most / 2**20:.0f} MB</text>'
        f'<text x="{_LEFT - 4}" y="{floor}" text-anchor="end" {text}>0</text>'
        f'<text x="{right}" y="{_HEIGHT - 5}" text-anchor="end" {text}>{end_s:.1f} s</text>'
        "</svg>"
    )


def timeline_image(moments: Sequence[Moment]) -> str:
    """The picture as a Markdown image with its data inline; empty when there is none."""
    return svg_image(timeline_svg(moments), "Memory over time")


def _points(shares: Sequence[tuple[float, float]]) -> str:
    across, up = _WIDTH - 1 - _LEFT, _HEIGHT - _BOTTOM - _TOP
    return " ".join(f"{_LEFT + x * across:.1f},{_HEIGHT - _BOTTOM - y * up:.1f}" for x, y in shares)
