"""Judges one candidate: named penalties, or the reasons that rule it out.

Pure: no I/O, no clock. Weighs the comparisons; decide.py chooses among several candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from beatporter.matching import weights, words
from beatporter.matching.compare import TitleFit, compare_titles
from beatporter.matching.credits import ArtistFit, compare_artists, names_person
from beatporter.matching.normalise import name_words, normalise
from beatporter.matching.title import Title, credited_remix, parse_entry_title, parse_title, unfolded, with_unknown, without_artists
from beatporter.matching.version import OTHER, Agreement, Cut, compare_versions, other_version, same_cut
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Verdict, Version
from beatporter.records.track import SpotifyTrack

Length = Literal["unknown", "agrees", "near", "differs"]
Isrc = Literal["unknown", "agrees", "differs"]

_ISRC_LETTERS: Final = 12
_MANY_NAMES: Final = 3
"""Words of a version that a bracket without a version word may repeat: "(Tom & Collins Special)"."""
_CUT_RANK: Final[dict[Cut, int]] = {"radio": 0, "original": 1, "extended": 2}


@dataclass(slots=True)
class _Case:
    """An entry and a candidate side by side, and what counts against the candidate."""

    entry: ChartEntry
    track: SpotifyTrack
    title: Title
    track_title: Title
    isrc: Isrc
    length: Length
    apart_ms: int | None
    penalties: list[tuple[str, float]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    chance: float = 1.0
    doubts: bool = False
    """A difference that an equal ISRC would excuse."""

    @property
    def proven(self) -> bool:
        """Equal ISRC, and the length does not contradict it."""
        return self.isrc == "agrees" and self.length != "differs"

    @property
    def certain(self) -> bool:
        """Equal ISRC and equal length: the same recording under any name."""
        return self.isrc == "agrees" and self.length == "agrees"

    @property
    def backed(self) -> bool:
        """Whether a small difference may be excused: the recording is proven, or the lengths are equal."""
        return self.proven or self.length_equal

    @property
    def length_equal(self) -> bool:
        """Closer than two cuts are by chance; see `weights.LENGTH_EQUAL_MS`."""
        return self.apart_ms is not None and self.apart_ms <= weights.LENGTH_EQUAL_MS

    @property
    def length_identical(self) -> bool:
        return self.apart_ms is not None and self.apart_ms <= weights.LENGTH_IDENTICAL_MS

    def take(self, name: str, times: float = 1.0) -> None:
        self.penalties.append((name, round(weights.PENALTY[name] * times, 1)))

    def reject(self, kind: str, reason: str) -> None:
        """Rule out, with a kind of `weights.YES`."""
        self.rejected.append(reason)
        self.chance *= weights.YES[kind]

    def doubt(self, kind: str, reason: str) -> None:
        """Rule out unless an equal ISRC or an equal length supports it; note it if only the length does."""
        self.doubts = True
        if not self.backed:
            self.reject(kind, reason)


def judge(entry: ChartEntry, track: SpotifyTrack) -> Verdict:
    """Judge one candidate for one chart entry.

    Returns:
        The verdict; `version` is None when a reason rules the candidate out or its score is below `weights.ACCEPT`.
    """
    title, track_title = titles_of(entry, track)
    case = _Case(
        entry,
        track,
        title,
        track_title,
        _compare_isrcs(entry.isrc, track.isrc),
        _compare_lengths(entry.length_ms, track.duration_ms),
        abs(entry.length_ms - track.duration_ms) if entry.length_ms and track.duration_ms else None,
    )
    artists = compare_artists(entry.artists, entry.remixers, case.title, track.artists, case.track_title)
    people = _words_of(entry.artists, entry.remixers, track.artists)
    ours, theirs = _words_of(entry.artists, entry.remixers, title.featured), _words_of(track.artists, track_title.featured)
    named = ours | title.version.names | _words_of(track_title.featured)
    fit = compare_titles(title, track_title, people, named)
    _judge_title(case, fit, artists)
    _judge_artists(case, artists)
    marks = _mark_words(entry.artists, entry.remixers, track.artists)
    agreement = compare_versions(title.version, track_title.version, ours | marks, theirs | marks)
    if title.version.is_credited and not track_title.version.kinds and all(names_person(one, track.artists) for one in entry.remixers):
        agreement = "unnamed"  # neither side has a word for the version, and both name the remixers
    _judge_version(case, agreement, artists)
    _judge_album(case)
    version = _judge_cut(case, artists, agreement) if not case.rejected else None
    _judge_edition(case)
    if case.doubts and not case.proven:
        case.take("no ISRC behind it")
    score = round(max(0.0, 100.0 - sum(points for _, points in case.penalties)), 1)
    if not case.rejected and score < weights.ACCEPT:
        case.reject("too few points", f"{score:g} points are too few")
    if not case.rejected:
        chance = score / 100
    else:
        version = None
        chance = case.chance**0.5 if case.isrc == "agrees" or case.length_equal else case.chance
        _say_isrc(case, agreement)
    return Verdict(track, version, score, tuple(case.penalties), tuple(case.rejected), round(chance, 4))


def _say_isrc(case: _Case, agreement: Agreement) -> None:
    """Say what is wrong with the chart's ISRC; a person may want to know it about a rejected candidate."""
    if case.isrc == "agrees":
        is_version = agreement in ("conflict", "silent", "club")
        case.rejected.append(f"the chart's ISRC belongs to {f'{_say(case.track_title)}, another version' if is_version else 'this track'}")
    elif case.length == "agrees" and differ_in_one(case.entry.isrc, case.track.isrc):
        case.rejected.append("its ISRC differs from the chart's in one character")


def lengths_agree(entry: ChartEntry, track: SpotifyTrack) -> bool:
    """Whether both lengths are known and within `weights.LENGTH_AGREES_MS`."""
    return _compare_lengths(entry.length_ms, track.duration_ms) == "agrees"


def isrcs_agree(entry: ChartEntry, track: SpotifyTrack) -> bool:
    """Whether both ISRCs are known and equal."""
    return _compare_isrcs(entry.isrc, track.isrc) == "agrees"


def titles_of(entry: ChartEntry, track: SpotifyTrack) -> tuple[Title, Title]:
    """Both titles parsed, each with the help of the other: what one service puts after a dash, the other writes in a bracket,
    in a separate field or without any mark."""
    own = parse_entry_title(entry.name, entry.mix_name, entry.remixers, entry.artists)
    found = parse_title(track.name, (*track.artists, *entry.remixers))
    remixers = _words_of(entry.remixers)
    if remixers and found.version.kinds and found.version.kinds <= words.SOFT_KINDS and remixers <= found.version.names:
        own = credited_remix(own, entry.remixers)
    if OTHER in own.version.kinds | found.version.kinds or own.brackets or found.brackets:
        names = (*entry.artists, *(name for title in (own, found) for name in title.featured))
        own, found = without_artists(own, names), without_artists(found, names)
        own, found = _with_one_suffix(own, found)
    return _with_cut(own), _with_cut(found)


def _with_one_suffix(own: Title, found: Title) -> tuple[Title, Title]:
    """Both titles with an unknown suffix that the other has as well: as words of the title, or as a version that one puts in a bracket."""
    whole, whole_found = unfolded(own), unfolded(found)
    has_unknown = OTHER in own.version.kinds | found.version.kinds
    if has_unknown and sorted(whole.full.split()) == sorted(whole_found.full.split()):
        return whole, whole_found
    for title, other in ((own, found), (found, own)):
        wanted = title.version.unknown_names or title.version.names
        known = title.version.unknown_names or len(wanted) >= _MANY_NAMES
        at = next((at for at, text in enumerate(other.brackets) if known and other_version(text).unknown_names == wanted), None)
        if at is not None:
            other = with_unknown(other, at)
            return (title, other) if title is own else (other, title)
    return own, found


def _with_cut(title: Title) -> Title:
    version = title.version
    return replace(title, version=replace(version, cut=version.unknown_cut)) if version.unknown_cut and not version.cut else title


def _mark_words(*groups: tuple[str, ...]) -> frozenset[str]:
    """Words in brackets after names, which the other side's version may lack: "Kolter (Berlin) Remix"."""
    return frozenset(word for names in groups for name in names if "(" in name for word in normalise(name).split()) - _words_of(*groups)


def _words_of(*groups: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(name_words(name) for names in groups for name in names))


def _compare_isrcs(one: str | None, other: str | None) -> Isrc:
    if not one or not other:
        return "unknown"
    return "agrees" if one == other else "differs"


def differ_in_one(one: str | None, other: str | None) -> bool:
    """Whether two ISRCs differ in a single character, as by a typing error."""
    if not one or not other or len(one) != len(other):
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def is_batch(one: str | None, other: str | None) -> bool:
    """Whether two ISRCs probably belong to one release: same registrant and year, numbers close together."""
    if not one or not other or len(one) != _ISRC_LETTERS or len(other) != _ISRC_LETTERS or one[:7] != other[:7]:
        return False
    return one[7:].isdecimal() and other[7:].isdecimal() and 0 < abs(int(one[7:]) - int(other[7:])) <= weights.ISRC_BATCH


def _compare_lengths(one_ms: int | None, other_ms: int | None) -> Length:
    if not one_ms or not other_ms:
        return "unknown"
    apart = abs(one_ms - other_ms)
    return "agrees" if apart <= weights.LENGTH_AGREES_MS else "near" if apart <= weights.LENGTH_NEAR_MS else "differs"


def _judge_title(case: _Case, fit: TitleFit, artists: ArtistFit) -> None:
    """Rule out another title, unless ISRC, length and an artist are equal: titles get corrected and translated."""
    if fit == "equal":
        return
    if fit == "small words":
        case.take("title has other small words")
    elif fit == "other":
        case.take("another title")
        if not case.certain or artists.coverage == 0:
            in_common = set(case.title.full.split()) & set(case.track_title.full.split()) - words.FILLERS
            case.reject("another title" if in_common else "a title with no word in common", "another title")
    elif fit == "tag":
        case.take("subtitle missing")
        if not case.proven:
            case.reject("bracket", "a bracket that may name another version, and the ISRC does not agree")
    else:
        case.take("title spelled differently" if fit == "spelling" else "subtitle missing")
        case.doubts = True
        if not case.backed and not (fit == "long subtitle" and _is_named_cut(case) and artists.complete):
            case.reject("title not quite", "title not quite the same, and neither length nor ISRC agrees")


def _is_named_cut(case: _Case) -> bool:
    """Whether the words name another cut, and the lengths do not contradict that."""
    own, named = case.title.version.cut, case.track_title.version.cut
    return case.length == "differs" and not same_cut(own, named) and _possible_cut(case.entry, case.track, own, named)


def _judge_artists(case: _Case, fit: ArtistFit) -> None:
    """Rule out credits with nobody in common, unless ISRC and length are equal; also the remixer alone, and another artist of the name."""
    if fit.coverage < 1:
        if fit.unnamed:
            case.take("artist not named")
        elif fit.coverage > 0:
            case.take("artist missing", 1 - fit.coverage)
        else:
            case.take("only the remixer in common" if fit.remixer_in_common else "no artist in common")
        if fit.unnamed or (fit.coverage == 0 and fit.remixer_in_common) or (fit.coverage > 0 and fit.added):
            case.doubt("another artist", "another artist, and neither length nor ISRC agrees")
        elif fit.coverage == 0 and not case.certain:
            case.reject("no artist in common", "another artist")
    if fit.misspelt:
        case.take("artist spelled differently")
        case.doubt("artist not quite", "artist not quite the same, and neither length nor ISRC agrees")
    if fit.namesake:
        case.take("artist spelled differently")
        case.reject("another artist", "another artist of the same name")
    if fit.guests_differ:
        case.take("another guest")
        case.doubt("artist not quite", "another guest, and neither length nor ISRC agrees")
    if fit.added:
        case.take("artist added", min(len(fit.added), 3))
    if not fit.leader_known:
        case.take("first artist unknown")
    partly_others = not fit.unnamed and fit.coverage > 0 and (fit.missing or fit.added)
    if partly_others and case.isrc == "differs" and case.length == "agrees" and not case.length_identical:
        case.reject("another line-up", "partly other artists under another ISRC: perhaps another recording of about this length")


def _judge_version(case: _Case, agreement: Agreement, artists: ArtistFit) -> None:
    """Rule out another version, whatever else agrees; if one side names none, ISRC and length decide."""
    said = f"another version: {_say(case.track_title)} instead of {_say(case.title)}"
    if agreement in ("alike", "spelling", "unnamed"):
        case.take("remixer named differently")
    if agreement in ("spelling", "unnamed"):
        case.doubt("version on one side", said)
    if agreement == "silent":
        plain = not case.title.version.cut and not case.track_title.version.cut
        case.take("version not named" if plain else "version named in other words")
        if not case.certain:
            unknown = OTHER in case.title.version.kinds | case.track_title.version.kinds
            case.reject("other words" if unknown else "version on one side", said)
    if agreement == "club":
        case.take("club mix for original")
        if not (case.certain or (case.length_equal and artists.complete and (case.isrc != "differs" or case.length_identical))):
            case.reject("version on one side", said)
    if agreement == "conflict":
        case.take("another version")
        unknown = OTHER in case.title.version.kinds | case.track_title.version.kinds
        case.reject("other words" if unknown else "another version", said)


def _judge_album(case: _Case) -> None:
    """A track on a DJ mix counts as a piece of it even if it does not say so, unless ISRC and length are the entry's."""
    is_mix = case.track.album is not None and "mixed" in parse_title(case.track.album).version.kinds
    if is_mix and "mixed" not in case.title.version.kinds and not case.certain:
        case.take("piece of a DJ mix")
        case.reject("piece of a DJ mix", f"a piece of a DJ mix: “{case.track.album}”")


def _say(title: Title) -> str:
    return f"“{title.version.text}”" if title.version.text else "the original"


def _judge_cut(case: _Case, artists: ArtistFit, agreement: Agreement) -> Version:
    """Say whether it is the chart's own cut or another, and whether it can be the cut that it claims to be."""
    own, named = case.title.version.cut, case.track_title.version.cut
    same_words = same_cut(own, named)
    if case.isrc == "differs":
        case.take("ISRC differs")
    if case.proven and not same_words and (own is None or named is None):
        case.take("cut not named")
        same_words = True
    elif not same_words and _outweighs_cut(case, artists):
        case.take("cut not named" if case.certain or own is None or named is None else "cut named otherwise")
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
        case.reject("impossible length", "its length cannot be a cut of this recording")
    elif case.length != "agrees" and not case.proven and artists.line_up < weights.LINE_UP_MIN and not artists.unnamed:
        if _is_same_act(case, artists, agreement):
            case.take("line-up of another cut")
        else:
            case.reject("another line-up", "another cut by other artists")
    return "substitute"


def _outweighs_cut(case: _Case, artists: ArtistFit) -> bool:
    """Whether ISRC or length show that both words mean one cut: lengths equal to the second, and nobody else credited."""
    if case.certain:
        return True
    return case.length_equal and artists.complete and (case.isrc != "differs" or case.length_identical)


def _is_same_act(case: _Case, artists: ArtistFit, agreement: Agreement) -> bool:
    """Whether different line-ups are one act on two cuts of one recording: the same named remixer; the members of a group on a track
    that calls itself the radio edit; or ISRCs of one batch."""
    if artists.coverage < weights.LINE_UP_OF_CUT_MIN or not artists.leader_known:
        return False
    if agreement in ("equal", "alike") and case.title.version.names:
        return not artists.added
    if case.isrc == "differs":
        return is_batch(case.entry.isrc, case.track.isrc)
    return artists.coverage == 1 and case.track_title.version.cut == "radio" and _is_named_cut(case)


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
    """Penalise differences that leave the recording the same, so that the plain edition wins."""
    notes = case.title.version.notes ^ case.track_title.version.notes
    if "remaster" in notes:
        case.take("remaster")
    if notes - {"remaster"}:
        case.take("other edition")
