"""What the rules say of one candidate: named penalties, or the reasons that rule it out.

Pure: no I/O, no clock. Owns the judgement over the comparisons; the choice among several candidates is decide.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from beatporter.matching import weights
from beatporter.matching.compare import TitleFit, compare_titles
from beatporter.matching.credits import ArtistFit, compare_artists
from beatporter.matching.normalise import name_words
from beatporter.matching.title import Title, parse_entry_title, parse_title, unfolded
from beatporter.matching.version import OTHER, Agreement, Cut, compare_versions, same_cut
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Verdict, Version
from beatporter.records.track import SpotifyTrack

Length = Literal["unknown", "agrees", "near", "differs"]
Isrc = Literal["unknown", "agrees", "differs"]

_CUT_RANK: dict[Cut, int] = {"radio": 0, "original": 1, "extended": 2}


@dataclass(slots=True)
class _Case:
    """An entry and a candidate side by side, and what is held against the candidate."""

    entry: ChartEntry
    track: SpotifyTrack
    title: Title
    track_title: Title
    isrc: Isrc
    length: Length
    penalties: list[tuple[str, float]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    doubts: bool = False
    """Something does not quite agree that an equal ISRC would excuse."""

    @property
    def proven(self) -> bool:
        """Equal ISRC, and the length does not speak against it."""
        return self.isrc == "agrees" and self.length != "differs"

    @property
    def backed(self) -> bool:
        """Whether what does not quite agree may be meant all the same: proven, or the lengths are equal."""
        return self.proven or self.length_equal

    @property
    def length_equal(self) -> bool:
        """Closer than two cuts lie by chance; see `weights.LENGTH_EQUAL_MS`."""
        ours, theirs = self.entry.length_ms, self.track.duration_ms
        return bool(ours and theirs) and abs((ours or 0) - (theirs or 0)) <= weights.LENGTH_EQUAL_MS

    def take(self, name: str, times: float = 1.0) -> None:
        self.penalties.append((name, round(weights.PENALTY[name] * times, 1)))

    def doubt(self, reason: str) -> None:
        """Rule out unless equal ISRC or equal length back it, and say so if it is the length alone."""
        self.doubts = True
        if not self.backed:
            self.rejected.append(reason)


def judge(entry: ChartEntry, track: SpotifyTrack) -> Verdict:
    """Judge one candidate for one chart entry.

    Returns:
        The verdict; `version` is None when a reason rules the candidate out or its score is below `weights.ACCEPT`.
    """
    title, track_title = _titles(entry, track)
    case = _Case(
        entry,
        track,
        title,
        track_title,
        _compare_isrcs(entry.isrc, track.isrc),
        _compare_lengths(entry.length_ms, track.duration_ms),
    )
    artists = compare_artists(entry.artists, entry.remixers, case.title, track.artists, case.track_title)
    people = _words_of(entry.artists, entry.remixers, track.artists)
    _judge_title(case, compare_titles(title, track_title, people), artists)
    _judge_artists(case, artists)
    ours, theirs = _words_of(entry.artists, entry.remixers, title.featured), _words_of(track.artists, track_title.featured)
    _judge_version(case, compare_versions(title.version, track_title.version, ours, theirs))
    _judge_album(case)
    version = _judge_cut(case, artists) if not case.rejected else None
    _judge_edition(case)
    if case.doubts and not case.proven:
        case.take("no ISRC behind it")
    score = round(max(0.0, 100.0 - sum(points for _, points in case.penalties)), 1)
    if not case.rejected and score < weights.ACCEPT:
        case.rejected.append(f"{score:g} points are too few")
    return Verdict(track, None if case.rejected else version, score, tuple(case.penalties), tuple(case.rejected))


def lengths_agree(entry: ChartEntry, track: SpotifyTrack) -> bool:
    """Whether both lengths are known and within `weights.LENGTH_AGREES_MS`."""
    return _compare_lengths(entry.length_ms, track.duration_ms) == "agrees"


def isrcs_agree(entry: ChartEntry, track: SpotifyTrack) -> bool:
    """Whether both ISRCs are known and equal."""
    return _compare_isrcs(entry.isrc, track.isrc) == "agrees"


def _titles(entry: ChartEntry, track: SpotifyTrack) -> tuple[Title, Title]:
    """Both titles taken apart; an unknown suffix belongs to the title where the other side writes it so."""
    own, found = parse_entry_title(entry.name, entry.mix_name, entry.remixers), parse_title(track.name)
    if OTHER in own.version.kinds | found.version.kinds:
        whole, whole_found = unfolded(own), unfolded(found)
        if sorted(whole.full.split()) == sorted(whole_found.full.split()):
            return whole, whole_found
    return own, found


def _words_of(*groups: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(name_words(name) for names in groups for name in names))


def _compare_isrcs(one: str | None, other: str | None) -> Isrc:
    if not one or not other:
        return "unknown"
    return "agrees" if one == other else "differs"


def _compare_lengths(one_ms: int | None, other_ms: int | None) -> Length:
    if not one_ms or not other_ms:
        return "unknown"
    apart = abs(one_ms - other_ms)
    return "agrees" if apart <= weights.LENGTH_AGREES_MS else "near" if apart <= weights.LENGTH_NEAR_MS else "differs"


def _judge_title(case: _Case, fit: TitleFit, artists: ArtistFit) -> None:
    """Another title rules out, unless ISRC and length are equal and an artist is: titles get corrected and translated."""
    if fit == "equal":
        return
    if fit == "small words":
        case.take("title has other small words")
    elif fit == "other":
        case.take("another title")
        if case.isrc != "agrees" or case.length != "agrees" or artists.coverage == 0:
            case.rejected.append("another title")
    elif fit == "tag":
        case.take("subtitle missing")
        if not case.proven:
            case.rejected.append("a bracket that may name another version, and the ISRC does not agree")
    else:
        case.take("title spelled differently" if fit == "spelling" else "subtitle missing")
        case.doubt("title not quite the same, and neither length nor ISRC agrees")


def _judge_artists(case: _Case, fit: ArtistFit) -> None:
    """Nobody in common rules out, unless ISRC and length are equal; so do the remixer alone and somebody else's name."""
    if fit.coverage < 1:
        if fit.unnamed:
            case.take("artist not named")
        elif fit.coverage > 0:
            case.take("artist missing", 1 - fit.coverage)
        else:
            case.take("only the remixer in common" if fit.remixer_in_common else "no artist in common")
        if fit.unnamed or (fit.coverage == 0 and fit.remixer_in_common) or (fit.coverage > 0 and fit.added):
            case.doubt("another artist, and neither length nor ISRC agrees")
        elif fit.coverage == 0 and not (case.isrc == "agrees" and case.length == "agrees"):
            case.rejected.append("another artist")
    if fit.misspelt:
        case.take("artist spelled differently")
        case.doubt("artist not quite the same, and neither length nor ISRC agrees")
    if fit.guests_differ:
        case.take("another guest")
        case.doubt("another guest, and neither length nor ISRC agrees")
    if fit.added:
        case.take("artist added", min(len(fit.added), 3))
    if not fit.leader_known:
        case.take("first artist unknown")


def _judge_version(case: _Case, agreement: Agreement) -> None:
    """Words of another version rule out whatever else agrees; silence is filled by ISRC and length."""
    said = f"another version: {_say(case.track_title)} instead of {_say(case.title)}"
    if agreement in ("alike", "spelling", "unnamed"):
        case.take("remixer named differently")
    if agreement in ("spelling", "unnamed"):
        case.doubt(said)
    if agreement == "silent":
        case.take("version not named")
    if agreement == "conflict":
        case.take("another version")
    if agreement == "conflict" or (agreement == "silent" and not (case.isrc == "agrees" and case.length == "agrees")):
        case.rejected.append(said)


def _judge_album(case: _Case) -> None:
    """A track of a DJ mix that does not say so is a piece of it all the same, unless ISRC and length are the entry's."""
    is_mix = case.track.album is not None and "mixed" in parse_title(case.track.album).version.kinds
    if is_mix and "mixed" not in case.title.version.kinds and not (case.isrc == "agrees" and case.length == "agrees"):
        case.take("piece of a DJ mix")
        case.rejected.append(f"a piece of a DJ mix: “{case.track.album}”")


def _say(title: Title) -> str:
    return f"“{title.version.text}”" if title.version.text else "the original"


def _judge_cut(case: _Case, artists: ArtistFit) -> Version:
    """Whether it is the chart's own cut or another one, and whether it can be the cut that it says it is."""
    own, named = case.title.version.cut, case.track_title.version.cut
    same_words = same_cut(own, named)
    if case.isrc == "differs":
        case.take("ISRC differs")
    if case.proven and not same_words and (own is None or named is None):
        case.take("cut not named")
        same_words = True
    if case.length == "near":
        case.take("length a little different")
    if same_words and (case.length == "agrees" or case.proven):
        return "same"
    if same_words and case.length == "unknown" and case.isrc != "differs":
        return "same"
    if same_words and case.length == "differs":
        case.take("length unlike the named cut")
    else:
        case.take("another cut")
    if case.length == "differs" and not _possible_cut(case.entry, case.track, own, named):
        case.rejected.append("its length cannot be a cut of this recording")
    elif case.length != "agrees" and not case.proven and artists.line_up < weights.LINE_UP_MIN and not artists.unnamed:
        case.rejected.append("another cut by other artists")
    return "substitute"


def _possible_cut(entry: ChartEntry, track: SpotifyTrack, own: Cut | None, named: Cut | None) -> bool:
    """Whether the lengths fit the names: a radio edit is no longer than its extended mix, and not a tenth of it."""
    ratio = (track.duration_ms or 0) / (entry.length_ms or 1)
    if not weights.CUT_RATIO_MIN <= ratio <= weights.CUT_RATIO_MAX:
        return False
    own_rank, rank = _CUT_RANK[own or "original"], _CUT_RANK[named or "original"]
    if rank < own_rank and ratio > weights.CUT_SLACK:
        return False
    return not (rank > own_rank and ratio < 1 / weights.CUT_SLACK)


def _judge_edition(case: _Case) -> None:
    """Differences that leave the recording the same, so that the plain edition is preferred."""
    notes = case.title.version.notes ^ case.track_title.version.notes
    if "remaster" in notes:
        case.take("remaster")
    if notes - {"remaster"}:
        case.take("other edition")
