"""Titles taken apart: what a recording is called, who is featured, which version it is.

Owns where things stand in a title: brackets, suffixes after a dash, "feat.". What version words mean is version.py's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from beatporter.matching import words
from beatporter.matching.normalise import name_words, normalise
from beatporter.matching.version import OTHER, Version, is_version, other_version, parse_version

_DASH = re.compile(r"\s+[-–—]+\s+")
_FEATURED = re.compile(r"(?:^|\s)(?:feat|ft|featuring)\b\.?\s+", re.IGNORECASE)
_FEATURE_START = re.compile(r"(?:" + "|".join(words.FEATURE_WORDS) + r")\b[./]*\s*(?=\S)", re.IGNORECASE)
_BARE_VERSION = re.compile(r"(?<=\S)\s+((?:extended|original|radio|club)\s+(?:mix|version|edit|remix))\s*$", re.IGNORECASE)
_SHOW_TAG = re.compile(r"[A-Z]{3,}\s?\d{2,}[A-Z\d]*")
_WHICH_ARTIST = re.compile(r"\s*\((?:[A-Z]{2,3}|ofc|official)\)", re.IGNORECASE)
"""What Beatport puts behind a name that several artists have: "(UK)", "(ofc)"."""
_MARK = re.compile("\x00(\\d+)\x00")
_PIECES = re.compile("(\x00\\d+\x00)")
_SLASH = re.compile(r"\s+/\s+")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_QUOTES: Final = "\"'“”‘’«»"


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart. Texts are normalised."""

    base: str
    """Without brackets, suffixes and featured artists; never empty for a title that is not."""
    written: str
    """base as it was written, for a search."""
    full: str
    """With its subtitles, in the order written."""
    with_features: str
    """full, and "with …" kept as words, since "Dancing (With You)" names nobody."""
    subtitles: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()
    """As written, one text for each place that names some."""
    version: Version = field(default_factory=Version)


@dataclass(slots=True)
class _Parts:
    """What is gathered while a title is read from left to right."""

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

    def add_version(self, version: Version) -> None:
        self.version = self.version.merged(version)


@lru_cache(maxsize=256)
def parse_title(text: str) -> Title:
    """Take a title apart, e.g. "Alchemy (feat. Zoë Johnston) - i_o Extended Mix".

    Args:
        text: as Beatport or Spotify writes it.
    """
    marked, groups = _take_brackets(unicodedata.normalize("NFKC", text).replace("\x00", ""))
    head, *suffixes = _DASH.split(marked)
    parts = _Parts(groups)
    head, *features = _FEATURED.split(head)
    for names in features:
        _read_feature(names, parts)
    bare = _BARE_VERSION.search(head)
    if bare:
        parts.add_version(parse_version(bare.group(1)))
        head = head[: bare.start()]
    for piece in _PIECES.split(head):
        if mark := _MARK.fullmatch(piece):
            _read_bracket(groups[int(mark.group(1))], parts)
        elif piece.strip():
            parts.add_words(piece)
    for suffix in suffixes:
        _read_suffix(suffix, parts)
    return _finish(parts, text)


@lru_cache(maxsize=256)
def parse_entry_title(name: str, mix_name: str | None, remixers: tuple[str, ...]) -> Title:
    """Take apart what Beatport writes in two fields, and the remixer in a third.

    A mix_name without a word of version is a featured artist ("feat. Vinson") or a subtitle ("(Dance Tonight)"). Where nothing
    names a version but remixers are listed, it is their remix.
    """
    title = parse_title(name)
    version = title.version
    if mix_name and mix_name.strip():
        mix = parse_title(_as_suffix(mix_name))
        version = mix.version.merged(version)
        subtitles = tuple(text for text in mix.subtitles if text not in title.full)
        title = replace(
            title,
            full=" ".join((title.full, *subtitles)),
            with_features=" ".join((title.with_features, *subtitles)),
            subtitles=title.subtitles + subtitles,
            featured=title.featured + mix.featured,
        )
    people = frozenset[str]().union(*(name_words(remixer) for remixer in remixers))
    if people and not version.names and (version.kinds == {"remix"} or (not version.kinds and version.cut is None)):
        version = replace(version, kinds=frozenset({"remix"}), names=people)
    return replace(title, version=version)


def unfolded(title: Title) -> Title:
    """The title with a suffix that no word list knows as part of it, since the other side may write it without a dash."""
    if OTHER not in title.version.kinds:
        return title
    suffix = title.version.unknown
    names = title.version.names - frozenset(suffix.split())
    version = replace(title.version, kinds=title.version.kinds - {OTHER}, names=names, unknown="")
    return replace(title, full=f"{title.full} {suffix}", with_features=f"{title.with_features} {suffix}", version=version)


def _as_suffix(mix_name: str) -> str:
    """A mix_name as it would stand after a title: a version after a dash, anything else in a bracket."""
    text = unicodedata.normalize("NFKC", mix_name).strip()
    inner = text[1:-1] if text[0] in _OPENING and text[-1] in _CLOSING else text
    inner = text if not set(_OPENING + _CLOSING).isdisjoint(inner) else inner  # "(From …) [… Version]" is two brackets
    return f"x - {inner}" if is_version(inner) else f"x ({inner})"


def _take_brackets(text: str) -> tuple[str, tuple[str, ...]]:
    """Put a mark in the place of each outer bracket; gives the marked text and what the brackets held."""
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
        marked.append(text[start:])  # never closed: words like any others
    return "".join(marked), tuple(groups)


def _finish(parts: _Parts, text: str) -> Title:
    everything = normalise(text)
    full = normalise(" ".join(parts.full)) or everything
    base = normalise(" ".join(parts.base)) or full
    with_features = normalise(" ".join(parts.with_features)) or full
    subtitles = tuple(normalise(subtitle) for subtitle in parts.subtitles) if parts.base else ()
    written = " ".join(_PIECES.sub(" ", " ".join(parts.base)).split()) or " ".join(text.split())
    return Title(base, written, full, with_features, subtitles, tuple(parts.featured), parts.version)


def _read_bracket(inner: str, parts: _Parts) -> None:
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
    elif inner:
        parts.subtitles.append(inner)
        parts.add_full(inner)


def _read_feature(text: str, parts: _Parts) -> None:
    """Names after a bare "feat.", and the brackets after them."""
    pieces = _PIECES.split(text)
    if pieces[0].strip():
        parts.featured.append(pieces[0].strip())
    for mark in filter(None, map(_MARK.fullmatch, pieces[1:])):
        inner = parts.groups[int(mark.group(1))]
        if not _WHICH_ARTIST.fullmatch(f"({inner})"):
            _read_bracket(inner, parts)


def _add_feature(text: str, names_from: int, parts: _Parts) -> None:
    parts.featured.append(text[names_from:].strip())
    if text[:4].lower() == "with":
        parts.with_features.append(text)


def _read_suffix(text: str, parts: _Parts) -> None:
    """What stands after a dash, and the brackets in it."""
    suffix = _MARK.sub(" ", text).strip()
    if normalise(suffix):
        _read_bare_suffix(suffix, parts)
    for mark in _MARK.finditer(text):
        _read_bracket(parts.groups[int(mark.group(1))], parts)


def _read_bare_suffix(suffix: str, parts: _Parts) -> None:
    """Versions, a source, featured artists, or a part of the title."""
    tokens = normalise(suffix).split()
    feature = _FEATURE_START.match(suffix)
    if _is_source(suffix):
        parts.add_version(Version(notes=frozenset({"film"})))
    elif is_version(suffix):
        _read_versions(suffix, parts)
    elif feature:
        _add_feature(suffix, feature.end(), parts)
    elif words.SAME_WORD.get(tokens[0], tokens[0]) in words.PART_WORDS or all(token.isdigit() for token in tokens):
        parts.add_words(suffix)
    else:
        parts.add_version(other_version(suffix))


def _read_versions(text: str, parts: _Parts) -> None:
    """One version, or several with a slash between ("MK Remix / Radio Version")."""
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
    """Inner brackets of a bracket count as blanks, those that tell artists of one name apart not at all."""
    return "".join(" " if character in _OPENING + _CLOSING else character for character in _WHICH_ARTIST.sub("", text))
