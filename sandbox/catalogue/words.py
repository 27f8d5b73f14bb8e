"""The vocabulary of invented names, read from words.toml on first use. No logic."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Words:
    heads: tuple[str, ...]
    middles: tuple[str, ...]
    tails: tuple[str, ...]
    given: tuple[str, ...]
    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    openers: tuple[str, ...]
    """Beginnings of titles, most with an apostrophe."""
    plain_openers: tuple[str, ...]
    brackets: tuple[str, ...]
    odd_mixes: tuple[str, ...]
    """Texts in mix_name that name no mix."""
    suffixes: tuple[str, ...]
    label_words: tuple[str, ...]
    karaoke_acts: tuple[str, ...]
    tribute_acts: tuple[str, ...]
    sped_up_words: tuple[str, ...]
    slowed_words: tuple[str, ...]
    live_words: tuple[str, ...]
    show_codes: tuple[str, ...]
    """Radio shows that name a DJ-mix cut."""
    version_like: tuple[str, ...]
    """Words that may begin a title and elsewhere name a version."""
    mix_names: tuple[str, ...]
    """Versions with a name of their own that no other version has."""
    compilations: tuple[str, ...]
    """Albums that carry other artists' tracks."""
    marked: dict[str, str]
    scripts: tuple[tuple[str, ...], ...]


@cache
def words() -> Words:
    """The whole vocabulary; read once per process."""
    data = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    lists = {key: tuple(value.split("|")) for key, value in data.items() if isinstance(value, str)}
    return Words(**lists, marked=data["marked"], scripts=tuple(tuple(script.split("|")) for script in data["scripts"].values()))
