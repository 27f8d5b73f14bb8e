"""Parses titles: what a recording is called, who is featured, which version it is.

Owns the places in a title: brackets, suffixes after a dash, "feat.". version.py knows what version words mean.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from beatporter.matching import words
from beatporter.matching.normalise import joined_names, name_words, normalise
from beatporter.matching.version import OTHER, POSSESSIVE, Version, is_version, other_version, parse_version

_DASH = re.compile(r"\s+[-–—]+\s+")
_FEATURED = re.compile(r"(?:^|\s)(?:(?:feat|ft|featuring)\b\.?|w/)\s+", re.IGNORECASE)
_FEATURE_START = re.compile(r"(?:" + "|".join(words.FEATURE_WORDS) + r")\b[./]*\s*(?=\S)", re.IGNORECASE)
_BARE_VERSION = re.compile(r"(?<=\S)\s+((?:extended|original|radio|club)\s+(?:mix|version|edit|remix))\s*$", re.IGNORECASE)
_SHOW_TAG = re.compile(r"[A-Z]{3,}\s?\d{2,}[A-Z\d]*")
_WHICH_ARTIST = re.compile(r"\s*[(\[]([A-Z]{2,3}|ofc|official)[)\]]", re.IGNORECASE)
"""What Beatport puts after a name that several artists share: "(UK)", "(ofc)"."""
_VERSION_ENDING = r"(?:['’]s)?\s+(?:[\w&/]+\s+){0,3}?(?:remix|rmx|rework|edit|mix|dub|flip|bootleg|vip|version)"
_ENDS_WITH_VERSION = re.compile(r"\b(?:remix|rmx|rework|edit|mix|dub|flip|bootleg|vip|version)\s*$", re.IGNORECASE)
_MARK = re.compile("\x00(\\d+)\x00")
_PIECES = re.compile("(\x00\\d+\x00)")
_SLASH = re.compile(r"\s+/\s+")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_QUOTES: Final = "\"'“”‘’«»"


@dataclass(frozen=True, slots=True)
class Title:
    """A parsed title. Texts are normalised."""

    base: str
    """Without brackets, suffixes and featured artists; empty only for an empty title."""
    written: str
    """`base` as it was written, for a search."""
    full: str
    """With its subtitles, in the order written."""
    with_features: str
    """`full`, with "with …" kept as words, since "Dancing (With You)" names nobody."""
    subtitles: tuple[str, ...] = ()
    brackets: tuple[str, ...] = ()
    """The subtitles as written."""
    featured: tuple[str, ...] = ()
    """As written, one text for each place that names artists."""
    version: Version = field(default_factory=Version)


@dataclass(slots=True)
class _Parts:
    """What has been found so far while a title is read from left to right."""

    groups: tuple[str, ...]
    base: list[str] = field(default_factory=list)
    full: list[str] = field(default_factory=list)
    with_features: list[str] = field(default_factory=list)
    subtitles: list[str] = field(default_factory=list)
    featured: list[str] = field(default_factory=list)
    version: Version = field(default_factory=Version)

    def add_words(self, text: str) -> None:
        self.base.append(text)
        self.add_full(text)

    def add_full(self, text: str) -> None:
        self.full.append(text)
        self.with_features.append(text)

    def has_subtitle(self, text: str) -> bool:
        """Whether the title has said so already, in a bracket or after a dash."""
        return normalise(text) in {normalise(subtitle) for subtitle in self.subtitles}

    def add_version(self, version: Version) -> None:
        self.version = self.version.merged(version)


@lru_cache(maxsize=256)
def parse_title(text: str, makers: tuple[str, ...] = ()) -> Title:
    """Parse a title, e.g. "Alchemy (feat. Zoë Johnston) - i_o Extended Mix".

    Args:
        text: as Beatport or Spotify writes it.
        makers: artists whose remix may end a title without a dash or a bracket ("The Creator Mateo! Remix").
    """
    marked, groups = _take_brackets(unicodedata.normalize("NFKC", text).replace("\x00", ""))
    head, *suffixes = _DASH.split(marked)
    parts = _Parts(groups)
    head, *features = _FEATURED.split(head)
    for names in features:
        _read_feature(names, parts)
    head, bare = _split_bare_version(head, makers)
    if bare:
        parts.add_version(parse_version(bare))
    for piece in _PIECES.split(head):
        if mark := _MARK.fullmatch(piece):
            _read_bracket(groups[int(mark.group(1))], parts)
        elif piece.strip():
            parts.add_words(piece)
    for suffix in suffixes:
        _read_suffix(suffix, parts)
    return _finish(parts, text)


@lru_cache(maxsize=256)
def parse_entry_title(name: str, mix_name: str | None, remixers: tuple[str, ...], artists: tuple[str, ...] = ()) -> Title:
    """Parse a title that Beatport writes in two fields, with the remixer in a third.

    A mix_name without a version word is a featured artist ("feat. Vinson") or a subtitle ("(Dance Tonight)"). If nothing
    names a version but remixers are listed, it is their remix.
    """
    mix_name = (mix_name or "").strip()
    title = _without_ending(name, mix_name) or parse_title(name, (*remixers, *artists))
    version = title.version
    people = frozenset[str]().union(*(name_words(remixer) for remixer in remixers))
    if mix_name:
        mix = parse_title(_as_suffix(mix_name, remixers))
        version = mix.version.merged(version)
        new = [at for at, text in enumerate(mix.subtitles) if text not in title.full]
        subtitles = tuple(mix.subtitles[at] for at in new)
        title = replace(
            title,
            full=" ".join((title.full, *subtitles)),
            with_features=" ".join((title.with_features, *subtitles)),
            subtitles=title.subtitles + subtitles,
            brackets=title.brackets + tuple(mix.brackets[at] for at in new),
            featured=title.featured + mix.featured,
        )
    if people and not version.names and (version.kinds == {"remix"} or (not version.kinds and version.cut is None)):
        version = replace(version, kinds=frozenset({"remix"}), names=people, is_credited=True)
    return replace(title, version=version)


def credited_remix(title: Title, remixers: tuple[str, ...]) -> Title:
    """The title of its credited remixers' version, although it says "Original Mix"."""
    people = frozenset[str]().union(*(name_words(remixer) for remixer in remixers))
    version = replace(title.version, kinds=frozenset({"remix"}), names=people, is_credited=True)
    return replace(title, version=version) if people and not title.version.kinds else title


def _without_ending(name: str, mix_name: str) -> Title | None:
    """The title of a name that ends with its mix name without any mark: "The Creator Mateo! Remix"; else None."""
    start = len(name) - len(mix_name)
    if not is_version(mix_name) or len(mix_name.split()) < 2 or not name.casefold().endswith(f" {mix_name}".casefold()):
        return None
    head = name[:start].rstrip()
    return parse_title(head) if normalise(head) and head[-1] not in _OPENING + "-–—" else None


def _split_bare_version(head: str, makers: tuple[str, ...]) -> tuple[str, str]:
    """A title's words before its brackets, and the version that they end with, or ""."""
    bare = _BARE_VERSION.search(head)
    if bare:
        return head[: bare.start()], bare.group(1)
    at = head.find("\x00")
    head, brackets = (head, "") if at < 0 else (head[:at], head[at:])
    if makers and _ENDS_WITH_VERSION.search(head):
        names = "|".join(re.escape(_WHICH_ARTIST.sub("", maker).strip()) for maker in makers if normalise(maker))
        found = re.search(rf"(?<=\S)\s+((?:{names}){_VERSION_ENDING})\s*$", head, re.IGNORECASE) if names else None
        if found and normalise(head[: found.start()]):
            return f"{head[: found.start()]} {brackets}", found.group(1)
    return head + brackets, ""


def without_artists(title: Title, names: tuple[str, ...]) -> Title:
    """The title without an unknown suffix that only names artists: "Illuminate - Sub Focus & Wilkinson"."""
    unknown = title.version.unknown_names
    every = (name_words(part) for name in names for part in (name, *joined_names(name)))
    found = frozenset[str]().union(*(name for name in every if name <= unknown))
    return without_unknown(title) if unknown and found == unknown else title


def without_unknown(title: Title) -> Title:
    """The title without a suffix that no word list has and that names only its artists."""
    version = title.version
    plain = replace(
        version,
        kinds=version.kinds - {OTHER},
        names=version.names - version.unknown_names,
        unknown="",
        unknown_names=frozenset(),
        unknown_cut=None,
    )
    return replace(title, version=plain)


def with_unknown(title: Title, at: int) -> Title:
    """The title with a subtitle read as a version that no word list has, since the other side puts it after a dash."""
    gone = title.subtitles[at]
    keep = [number for number in range(len(title.subtitles)) if number != at]
    return replace(
        title,
        full=" ".join(title.full.replace(gone, " ", 1).split()) or title.full,
        with_features=" ".join(title.with_features.replace(gone, " ", 1).split()) or title.with_features,
        subtitles=tuple(title.subtitles[number] for number in keep),
        brackets=tuple(title.brackets[number] for number in keep),
        version=title.version.merged(other_version(title.brackets[at])),
    )


def unfolded(title: Title) -> Title:
    """The title with a suffix that no word list has read as part of it, since the other side may write it without a dash."""
    if OTHER not in title.version.kinds:
        return title
    suffix = title.version.unknown
    return replace(without_unknown(title), full=f"{title.full} {suffix}", with_features=f"{title.with_features} {suffix}")


def _as_suffix(mix_name: str, remixers: tuple[str, ...]) -> str:
    """A mix_name as a title would end with it: a version or a remixer's name after a dash, anything else in a bracket."""
    text = unicodedata.normalize("NFKC", mix_name).strip()
    inner = text[1:-1] if text[0] in _OPENING and text[-1] in _CLOSING else text
    inner = text if not set(_OPENING + _CLOSING).isdisjoint(inner) else inner  # "(From …) [… Version]" is two brackets
    if not is_version(inner):
        said = frozenset(normalise(POSSESSIVE.sub("", inner)).split())
        names_remixer = any(name_words(remixer) < said - words.JOINERS for remixer in remixers)
        if not names_remixer or _FEATURE_START.match(inner):
            return f"x ({inner})"
    return f"x - {inner}"


def _take_brackets(text: str) -> tuple[str, tuple[str, ...]]:
    """Replace each outer bracket by a mark; returns the marked text and what the brackets held."""
    marked: list[str] = []
    groups: list[str] = []
    depth = 0
    start = 0
    for at, character in enumerate(text):
        if character in _OPENING:
            if depth == 0:
                start = at
            depth += 1
        elif character in _CLOSING and depth:
            depth -= 1
            if depth == 0:
                marked.append(f" \x00{len(groups)}\x00 ")
                groups.append(text[start + 1 : at])
        elif depth == 0:
            marked.append(character)
    if depth:
        marked.append(text[start:])  # never closed: ordinary words
    return "".join(marked), tuple(groups)


def _finish(parts: _Parts, text: str) -> Title:
    everything = normalise(text)
    full = normalise(" ".join(parts.full)) or everything
    base = normalise(" ".join(parts.base)) or full
    with_features = normalise(" ".join(parts.with_features)) or full
    brackets = tuple(parts.subtitles) if parts.base else ()
    subtitles = tuple(normalise(bracket) for bracket in brackets)
    written = " ".join(_PIECES.sub(" ", " ".join(parts.base)).split()) or " ".join(text.split())
    return Title(base, written, full, with_features, subtitles, brackets, tuple(parts.featured), parts.version)


def _read_bracket(inner: str, parts: _Parts) -> None:
    rest, groups = _take_brackets(inner)
    if len(groups) > 1 and not _MARK.sub("", rest).strip():  # nested brackets: "((Space Jam) (Extended Mix))"
        for group in groups:
            _read_bracket(group, parts)
        return
    inner = " ".join(_plain(inner).split())
    feature = _FEATURE_START.match(inner)
    if feature and not is_version(inner):
        _add_feature(inner, feature.end(), parts)
    elif _is_source(inner):
        parts.add_version(Version(notes=frozenset({"film"})))
    elif is_version(inner):
        _read_versions(inner, parts)
    elif _SHOW_TAG.fullmatch(inner):
        parts.add_version(Version(kinds=frozenset({"mixed"}), names=frozenset(normalise(inner).split()), text=inner))
    elif inner and not parts.has_subtitle(inner):
        parts.subtitles.append(inner)
        parts.add_full(inner)


def _read_feature(text: str, parts: _Parts) -> None:
    """Names after a bare "feat.", and the brackets after them."""
    pieces = _PIECES.split(text)
    if pieces[0].strip():
        parts.featured.append(pieces[0].strip())
    for mark in filter(None, map(_MARK.fullmatch, pieces[1:])):
        inner = parts.groups[int(mark.group(1))]
        if not _is_mark(inner):
            _read_bracket(inner, parts)


def _add_feature(text: str, names_from: int, parts: _Parts) -> None:
    parts.featured.append(text[names_from:].strip())
    if text[:4].lower() == "with":
        parts.with_features.append(text)


def _read_suffix(text: str, parts: _Parts) -> None:
    """The text after a dash, and the brackets in it."""
    text = _without_inner_brackets(text, parts.groups)
    suffix = _MARK.sub(" ", text).strip()
    if normalise(suffix):
        _read_bare_suffix(suffix, parts)
    for mark in _MARK.finditer(text):
        _read_bracket(parts.groups[int(mark.group(1))], parts)


def _without_inner_brackets(text: str, groups: tuple[str, ...]) -> str:
    """A suffix with brackets that belong to a name: "VITO (UK) Remix", "[KRTM] Remix", "Remix by VITO (UK)"."""
    kept = ""
    for piece in _PIECES.split(text):
        mark = _MARK.fullmatch(piece)
        inner = groups[int(mark.group(1))] if mark else ""
        if mark and _is_mark(inner):
            continue
        after = text[text.index(piece) + len(piece) :] if mark else ""
        goes_on = is_version(_MARK.sub(" ", after)) and not is_version(inner) and not _FEATURE_START.match(inner)
        kept += f" {inner} " if goes_on else piece
    return kept


def _is_mark(inner: str) -> bool:
    """Whether a bracket's text distinguishes artists of the same name ("UK") and is not a version word ("VIP")."""
    return bool(_WHICH_ARTIST.fullmatch(f"({inner})")) and not is_version(inner)


def _read_bare_suffix(suffix: str, parts: _Parts) -> None:
    """Read a bracket as versions, a source, featured artists, or a part of the title."""
    tokens = normalise(suffix).split()
    feature = _FEATURE_START.match(suffix)
    if parts.has_subtitle(suffix):
        return
    if _is_source(suffix):
        parts.add_version(Version(notes=frozenset({"film"})))
    elif is_version(suffix):
        _read_versions(suffix, parts)
    elif _SHOW_TAG.fullmatch(suffix):
        _read_bracket(suffix, parts)
    elif feature:
        _add_feature(suffix, feature.end(), parts)
    elif words.SAME_WORD.get(tokens[0], tokens[0]) in words.PART_WORDS or all(token.isdigit() for token in tokens):
        parts.add_words(suffix)
    else:
        parts.add_version(other_version(suffix))


def _read_versions(text: str, parts: _Parts) -> None:
    """One version, or several separated by slashes ("MK Remix / Radio Version")."""
    for piece in _SLASH.split(text):
        if is_version(piece):
            parts.add_version(parse_version(piece))
        elif _FEATURE_START.match(piece):
            parts.featured.append(piece)
        else:
            parts.add_version(other_version(piece))


def _is_source(text: str) -> bool:
    """Whether it says where a recording was used: From "Toy Story 2", From the film Heat."""
    tokens = normalise(text).split()
    begins = tokens[:1] == ["from"] or tokens[:2] in (["music", "from"], ["theme", "from"])
    return begins and (not words.SOURCE_WORDS.isdisjoint(tokens) or any(quote in text for quote in _QUOTES))


def _plain(text: str) -> str:
    """Replace inner brackets by blanks; drop those that distinguish artists of the same name."""
    text = _WHICH_ARTIST.sub(lambda found: "" if _is_mark(found.group(1)) else found.group(), text)
    return "".join(" " if character in _OPENING + _CLOSING else character for character in text)
