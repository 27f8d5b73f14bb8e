"""Proposes words that would have made a person's overrides unnecessary, with what they would change. Applies none.

Each proposal is one line of a word list in words.py; it is tried in its place and taken out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from beatporter.matching import compare, title, version, words
from beatporter.matching.decide import decide
from beatporter.matching.judge import judge, titles_of
from beatporter.matching.normalise import name_words, normalise
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

WordList = Literal["CUTS", "KINDS", "NOTES", "SAME_WORD"]

_PHRASE_WORDS: Final = 3
_CACHED: Final = (
    *(version.is_version, version.parse_version, title.parse_title, title.parse_entry_title),
    *(compare._compare_words,),
)


@dataclass(frozen=True, slots=True, order=True)
class Proposal:
    """One line for a word list."""

    word_list: WordList
    phrase: str
    meaning: str

    def __str__(self) -> str:
        return f'{self.word_list}["{self.phrase}"] = "{self.meaning}"'


@contextmanager
def added(proposal: Proposal) -> Iterator[None]:
    """Add a line to the rules until the block ends. Not thread-safe."""
    if proposal.word_list == "SAME_WORD":
        table, key, value = words.SAME_WORD, proposal.phrase, proposal.meaning
        before = table.get(key)
        table[key] = value
    else:
        group = {"CUTS": "cut", "KINDS": "kind", "NOTES": "note"}[proposal.word_list]
        phrases, phrase = version.PHRASES, tuple(proposal.phrase.split())
        known = phrases.get(phrase)
        phrases[phrase] = (group, proposal.meaning)
    _forget()
    try:
        yield
    finally:
        if proposal.word_list == "SAME_WORD":
            if before is None:
                del table[key]
            else:
                table[key] = before
        elif known is None:
            del phrases[phrase]
        else:
            phrases[phrase] = known
        _forget()


def _forget() -> None:
    for function in _CACHED:
        function.cache_clear()


def proposals_to_take(entry: ChartEntry, right: SpotifyTrack, others: tuple[SpotifyTrack, ...] = ()) -> list[Proposal]:
    """Lines that would make the rules take the track that a person chose; empty if they take it already.

    Args:
        others: the other candidates; the rules must prefer the right one to them.
    """
    if _takes(entry, right, others):
        return []
    return [proposal for proposal in _to_accept(entry, right) if _takes_with(proposal, entry, right, others)]


def proposals_to_refuse(entry: ChartEntry, wrong: SpotifyTrack) -> list[Proposal]:
    """Lines that would make the rules reject the track that a person ruled out; empty if they reject it already."""
    if judge(entry, wrong).version is None:
        return []
    own, found = titles_of(entry, wrong)
    said = [text for text in (*found.subtitles, " ".join(found.version.names - own.version.names)) if text]
    phrases = {phrase for text in said for phrase in _phrases(text) if phrase not in own.full}
    candidates = [Proposal("KINDS", phrase, phrase) for phrase in sorted(phrases)]
    return [proposal for proposal in candidates if _refuses_with(proposal, entry, wrong)]


def _takes(entry: ChartEntry, right: SpotifyTrack, others: tuple[SpotifyTrack, ...]) -> bool:
    best = decide(entry, (right, *others)).best
    return best is not None and best.track.track_id == right.track_id


def _takes_with(proposal: Proposal, entry: ChartEntry, right: SpotifyTrack, others: tuple[SpotifyTrack, ...]) -> bool:
    with added(proposal):
        return _takes(entry, right, others)


def _refuses_with(proposal: Proposal, entry: ChartEntry, wrong: SpotifyTrack) -> bool:
    with added(proposal):
        return judge(entry, wrong).version is None


def _to_accept(entry: ChartEntry, right: SpotifyTrack) -> list[Proposal]:
    """Lines to try: phrases of either version that name nobody, as a note or as a cut; two words of the titles as one."""
    people = frozenset[str]().union(*(name_words(name) for name in (*entry.artists, *entry.remixers, *right.artists)))
    own, found = titles_of(entry, right)
    texts = (own.version.text, found.version.text, *own.brackets, *found.brackets)
    phrases = {phrase for text in texts for phrase in _phrases(normalise(text)) if people.isdisjoint(phrase.split())}
    new = [phrase for phrase in sorted(phrases) if tuple(phrase.split()) not in version.PHRASES]
    lines = [Proposal("NOTES", phrase, "edition") for phrase in new]
    lines += [Proposal("CUTS", phrase, cut) for phrase in new for cut in ("radio", "original", "extended")]
    left, other = own.full.split(), found.full.split()
    if len(left) == len(other):
        lines += [Proposal("SAME_WORD", *sorted(pair)) for pair in zip(left, other, strict=True) if pair[0] != pair[1]]
    return lines


def _phrases(text: str) -> Iterator[str]:
    tokens = text.split()
    for length in range(1, min(_PHRASE_WORDS, len(tokens)) + 1):
        for at in range(len(tokens) - length + 1):
            yield " ".join(tokens[at : at + length])
