"""Compares the genres of one parent run: the true peak, whether memory grows from genre to genre, and which lines cause it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from beatporter.markdown import escape, svg_image
from beatporter.memory.markdown import process_table
from beatporter.memory.megabytes import MB, show_megabytes
from beatporter.memory.picture import genres_svg
from beatporter.memory.records import Holder, ProcessMemory
from beatporter.memory.trend import RULE_GROWTH, Growing, Slope, growth, robust_slope

_LINES = 6
_OFTEN = 0.6
"""A line grows if it left memory behind in at least this share of the genres."""
_WORTH_NAMING = 20 * 1024
"""Bytes a genre."""
_WARM_UP = 1
"""The first genre of a process loads modules and fills caches."""


@dataclass(frozen=True, slots=True)
class GenreMemory:
    """A genre's resident memory in MB by the kernel's count; None if unknown, such as for a failed genre."""

    genre: str
    before_mb: float | None
    peak_mb: float | None
    after_mb: float | None
    left: tuple[Holder, ...] = ()
    """Who allocated memory that the genre did not free."""


@dataclass(frozen=True, slots=True)
class GrowingLine:
    """A function that leaves memory behind in most genres."""

    function: str
    place: str
    bytes_a_genre: float
    genres: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A parent's run.

    Attributes:
        one_process: the genres ran one after the other in the parent's process.
        process_peak_mb: the most that the parent's process ever had in RAM.
        over_budget: a message for each genre above its budget.
    """

    genres: Sequence[GenreMemory]
    one_process: bool
    process_peak_mb: float | None = None
    processes: tuple[ProcessMemory, ...] = ()
    over_budget: Mapping[str, str] | None = None

    @property
    def slope(self) -> Slope | None:
        """MB in RAM after each genre of a shared process except the first."""
        after = [genre.after_mb for genre in self.genres if genre.after_mb][_WARM_UP:]
        return robust_slope(after) if self.one_process else None

    @property
    def growth(self) -> Growing:
        """The verdict on growth over the genres."""
        return growth(self.slope)

    @property
    def highest(self) -> GenreMemory | None:
        """The genre with the highest peak."""
        return max((genre for genre in self.genres if genre.peak_mb), key=lambda genre: genre.peak_mb or 0.0, default=None)


def overview_markdown(overview: Overview) -> str:
    """The artifact `memory`: the verdict in words, a picture, the lines that grow, and a table in the order of the runs."""
    parts = ["# Memory of the genres", *_meaning(overview)]
    parts += [f"> **Over budget.** {escape(genre)}: {escape(words)}" for genre, words in (overview.over_budget or {}).items()]
    if image := svg_image(genres_svg([(genre.after_mb, genre.peak_mb) for genre in overview.genres]), "Memory by genre"):
        parts.append(f"{image}\n\nBars: peak of each genre. Line: in RAM after it.")
    parts += [*_lines(overview), _table(overview.genres), *process_table(overview.processes)]
    if overview.one_process:
        parts.append(RULE_GROWTH)
    parts.append("MB here are 1,048,576 bytes, by the kernel's count.")
    return "\n\n".join(part for part in parts if part)


def overview_line(overview: Overview) -> str:
    """A short summary of the run."""
    peaks = [genre.peak_mb for genre in overview.genres if genre.peak_mb]
    if not peaks:
        return "no figures"
    verdict = f", {overview.growth}" if overview.one_process and overview.slope else ""
    whole = (overview.process_peak_mb or 0.0) if overview.one_process else 0.0
    return f"highest peak {max([*peaks, whole]):.0f} MB{verdict}"


def growing_lines(genres: Sequence[GenreMemory]) -> list[GrowingLine]:
    """Lines that left memory behind in most genres after the first, greatest first."""
    later = [genre for genre in genres if genre.left][_WARM_UP:]
    if len(later) < 2:
        return []
    sums: dict[tuple[str, str], list[int]] = {}
    for genre in later:
        for holder in genre.left:
            sums.setdefault((holder.function, holder.place), []).append(holder.held_bytes)
    lines = [GrowingLine(*key, sum(sizes) / len(later), len(sizes)) for key, sizes in sums.items() if len(sizes) >= _OFTEN * len(later)]
    return sorted((line for line in lines if line.bytes_a_genre >= _WORTH_NAMING), key=lambda line: -line.bytes_a_genre)


def _meaning(overview: Overview) -> Iterator[str]:
    highest = overview.highest
    if highest is None or highest.peak_mb is None:
        yield "No genre's figures are known."
        return
    peak, process_peak = highest.peak_mb, overview.process_peak_mb
    if overview.one_process and process_peak and process_peak > peak + 1:
        yield (
            f"The highest peak was **{process_peak:.0f} MB**, outside of the genres: before the first, between them or after the last. "
            f"The highest of a genre was {peak:.0f} MB ({escape(highest.genre)})."
        )
    else:
        yield f"The highest peak was **{peak:.0f} MB** ({escape(highest.genre)})."
    if not overview.one_process:
        parent = f" This run's own process took {process_peak:.0f} MB at most." if process_peak else ""
        yield f"Each genre had a process of its own, which gave everything back when it ended.{parent}"
        return
    yield _verdict(overview)


def _verdict(overview: Overview) -> str:
    slope = overview.slope
    if slope is None:
        return "The genres shared one process; they are too few to say whether it grows."
    figures = f"{slope.estimate:+.2f} MB a genre (95 %: {slope.low:+.2f} to {slope.high:+.2f})"
    return f"The genres shared one process, and its memory is **{overview.growth}**: {figures}, the first genre left out."


def _lines(overview: Overview) -> Iterator[str]:
    lines = growing_lines(overview.genres) if overview.one_process else []
    if not lines:
        return
    yield "## Lines that left something behind in most genres"
    rows = [
        f"| {escape(line.function)} | {escape(line.place)} | {line.bytes_a_genre / MB:.2f} | {line.genres} |" for line in lines[:_LINES]
    ]
    yield "\n".join(["| Function | Line | MB a genre | Genres |", "|---|---|---:|---:|", *rows])


def _table(genres: Sequence[GenreMemory]) -> str:
    head = ["| Genre | In RAM before | At the peak | After | Left behind |", "|---|---:|---:|---:|---:|"]
    return "\n".join([*head, *(_row(genre) for genre in genres)])


def _row(genre: GenreMemory) -> str:
    left = genre.after_mb - genre.before_mb if genre.after_mb and genre.before_mb else None
    cells = (*(show_megabytes(value) for value in (genre.before_mb, genre.peak_mb, genre.after_mb)), show_megabytes(left, sign=True))
    return f"| {escape(genre.genre)} | {' | '.join(cells)} |"
