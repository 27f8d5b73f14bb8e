"""Small pictures for Markdown pages, as SVG: a run over time with its steps, a genre's runs, a parent's genres.

Pages show them as images, light or dark, also on a phone. So the colours have enough contrast on white and on black, the letters
are large for the picture's size, and the scale starts near the smallest value if zero would flatten the curve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beatporter.memory.megabytes import MB
from beatporter.memory.records import Moment, Step

WIDTH, HEIGHT = 480, 200
_SHOWN_WIDTH = 600
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 474, 24, 174
GREY, BLUE, ORANGE, GREEN = "#7f8590", "#3f7fe8", "#d9641a", "#2e9460"
_TEXT = f'font-family="system-ui,sans-serif" font-size="14" fill="{GREY}"'
_FLAT_SHARE = 0.6
"""The scale starts at zero unless the smallest value is above this share of the largest."""
_LABEL_PX = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values in MB to the picture's height."""

    low: float
    high: float

    def y(self, value_mb: float) -> float:
        share = (value_mb - self.low) / (self.high - self.low)
        return _BOTTOM - min(max(share, 0.0), 1.0) * (_BOTTOM - _TOP)


def scale_for(values_mb: Sequence[float]) -> Scale:
    """A scale from zero, or from a round number below the smallest value if all are close together."""
    least, most = min(values_mb), max(values_mb)
    room = max((most - least) * 0.15, 1.0)
    low = 10 * ((least - room) // 10) if least > _FLAT_SHARE * most else 0.0
    return Scale(max(low, 0.0), most + room)


def timeline_svg(moments: Sequence[Moment], steps: Sequence[Step] = (), budget_mb: float | None = None, end_s: float = 0.0) -> str:
    """RAM over the run's time, with steps as numbered bands and a near budget as a dashed line; empty for fewer than two moments."""
    if len(moments) < 2:
        return ""
    end_s = max([end_s, *(moment.at_s for moment in moments)]) or 1.0
    values = [moment.rss_bytes / MB for moment in moments]
    scale = scale_for([*values, budget_mb] if budget_mb and budget_mb < 1.3 * max(values) else values)
    line = [(_x(moment.at_s / end_s), scale.y(value)) for moment, value in zip(moments, values, strict=True)]
    parts = [*_bands(steps, end_s), _area(line, BLUE), _line(line, BLUE), *_axes(scale), _text(_RIGHT, HEIGHT - 8, f"{end_s:.1f} s", "end")]
    if budget_mb and scale.low < budget_mb < scale.high:
        parts.append(_dashed(scale.y(budget_mb), "budget"))
    return _svg("Memory of the run over time, in RAM; the numbered bands are its steps", parts)


def trend_svg(peaks_mb: Sequence[float], usual_mb: float | None = None, limit_mb: float | None = None) -> str:
    """A genre's last runs, oldest first: peaks as points on a line, the usual peak as a dashed line; empty for fewer than two."""
    if len(peaks_mb) < 2:
        return ""
    scale = scale_for([*peaks_mb, *([limit_mb] if limit_mb else [])])
    points = [(_x((number + 0.5) / len(peaks_mb)), scale.y(peak)) for number, peak in enumerate(peaks_mb)]
    parts = [*_axes(scale), _line(points, BLUE), *(_dot(x, y, BLUE) for x, y in points[:-1]), _dot(*points[-1], ORANGE)]
    parts += [_text(_LEFT, HEIGHT - 8, f"{len(peaks_mb)} runs", "start"), _text(_RIGHT, HEIGHT - 8, "this one", "end")]
    if usual_mb and limit_mb:
        parts += [_dashed(scale.y(limit_mb), "worse above")]
    return _svg("Peaks of the genre's last runs; the last point is this one", parts)


def genres_svg(genres: Sequence[tuple[float | None, float | None]]) -> str:
    """A parent's genres in order, each as (after, peak) in MB: a bar up to the peak, and a line through the memory afterwards."""
    known = [(after, peak) for after, peak in genres if after and peak]
    if len(known) < 2:
        return ""
    scale = scale_for([value for pair in known for value in pair])
    width = (_RIGHT - _LEFT) / len(known)
    middles = [_x((number + 0.5) / len(known)) for number in range(len(known))]
    bars = [
        f'<rect x="{x - width * 0.35:.1f}" y="{scale.y(peak):.1f}" width="{width * 0.7:.1f}" height="{_BOTTOM - scale.y(peak):.1f}" '
        f'fill="{BLUE}" fill-opacity="0.45"/>'
        for x, (_, peak) in zip(middles, known, strict=True)
    ]
    line = [(x, scale.y(after)) for x, (after, _) in zip(middles, known, strict=True)]
    ends = [_text(_LEFT, HEIGHT - 8, "first genre", "start"), _text(_RIGHT, HEIGHT - 8, "last", "end")]
    return _svg(
        "Memory by genre: bars are peaks, the line is what was in RAM afterwards", [*bars, _line(line, ORANGE), *_axes(scale), *ends]
    )


def _bands(steps: Sequence[Step], end_s: float) -> Iterator[str]:
    labelled = float("-inf")
    for number, step in enumerate(steps, 1):
        left, right = _x(step.start_s / end_s), _x(min((step.end_s if step.end_s is not None else end_s) / end_s, 1.0))
        yield (
            f'<rect x="{left:.1f}" y="{_TOP}" width="{max(right - left, 1):.1f}" height="{_BOTTOM - _TOP}" '
            f'fill="{GREY}" fill-opacity="{0.22 if number % 2 else 0.1}"/>'
        )
        middle = (left + right) / 2
        if middle - labelled >= _LABEL_PX:
            labelled = middle
            yield _text(middle, _TOP - 7, str(number), "middle")


def _axes(scale: Scale) -> Iterator[str]:
    yield f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="{GREY}"/>'
    for value in (scale.low, (scale.low + scale.high) / 2, scale.high):
        yield _text(_LEFT - 5, scale.y(value) + 5, f"{value:.0f}" + (" MB" if value == scale.high else ""), "end")


def _area(points: Sequence[tuple[float, float]], colour: str) -> str:
    corners = [(points[0][0], _BOTTOM), *points, (points[-1][0], _BOTTOM)]
    return f'<polygon points="{_points(corners)}" fill="{colour}" fill-opacity="0.25"/>'


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    return f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _dashed(y: float, label: str) -> str:
    path = f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" fill="none" stroke="{ORANGE}" stroke-dasharray="5 4"/>'
    return path + _text(_RIGHT - 4, y - 5, label, "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_TEXT}>{text}</text>'


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _x(share: float) -> float:
    return _LEFT + share * (_RIGHT - _LEFT)


def _svg(title: str, parts: Sequence[str]) -> str:
    height = round(_SHOWN_WIDTH * HEIGHT / WIDTH)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{_SHOWN_WIDTH}" height="{height}" role="img">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )
