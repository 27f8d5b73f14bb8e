"""The word lists of matching: data, no logic.

All words are in the form that `normalise` returns: lower case, no diacritics, no punctuation. A change here changes decisions:
give `weights.RULES` a new version as well (a test demands it).
"""

from __future__ import annotations

from typing import Final

LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ß": "ss",
        "ı": "i",
        "$": "s",
        "ё": "е",
    }
)
"""Latin letters that Unicode does not take apart into a base and a mark, the dollar of stage names ("A$AP"), and the Cyrillic ё, whose
dots are mostly left out."""

DROPPED: Final = str.maketrans("", "", "'’‘ʼʻ`´′“”„™®©℗\u200b\u200c\u200d\u2060\ufeff")
"""Signs that are removed without leaving a blank: quotes, apostrophes, trade marks, zero-width characters."""

SAME_WORD: Final[dict[str, str]] = {
    "u": "you",
    "ur": "your",
    "n": "and",
    "und": "and",
    "et": "and",
    "part": "pt",
    "parts": "pt",
    "volume": "vol",
    "versus": "vs",
    "v": "vs",
    "thru": "through",
    "tonite": "tonight",
}
"""Interchangeable spellings in a title."""

FILLERS: Final = frozenset({"a", "an", "the", "and"})
"""Words that a title may have or lack."""

PART_WORDS: Final = frozenset({"pt", "vol", "no", "chapter", "act", "movement", "episode"})
"""These after a dash begin a part of the title ("Sleep - Pt. 2"), not a version."""

PART_NUMBERS: Final[dict[str, str]] = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "x": "10",
}
"""The number after a part word."""

ROMAN: Final = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix"})
"""Numbers anywhere after a title's first word ("Jupiter II"); a single letter may be a word or a name."""

FEATURE_WORDS: Final = ("featuring", "feat", "ft", "with", "prod by", "produced by", "prod", "w")
"""A bracket that begins with one of these names artists."""

JOINERS: Final = frozenset(
    {"and", "x", "v", "vs", "versus", "feat", "ft", "featuring", "with", "w", "pres", "presents", "b2b", "meets", "by", "of", "the"}
    | {"a", "de", "et", "und", "s"}
)
"""Words between names in a version; they do not say who made it."""

NAME_JOINERS: Final = frozenset(
    {"and", "x", "v", "vs", "versus", "feat", "ft", "featuring", "with", "w", "pres", "presents", "b2b", "meets", "und"}
)
"""These, between blanks, join artists into one name."""

NAME_PREFIXES: Final = ("the ", "dj ")
"""An artist's name may have or lack these."""

VARIOUS: Final = frozenset({"various artists", "various", "va", "verschiedene interpreten", "varios artistas"})
"""Names that say nothing about who made a recording."""

_CUT_FORMS: Final = ("mix", "version", "edit", "cut", "edition", "mix edit", "edit mix")
_CUT_LENGTHS: Final[dict[str, str]] = {
    "extended": "extended",
    "ext": "extended",
    "extd": "extended",
    "xtended": "extended",
    "extented": "extended",
    "extendend": "extended",
    "long": "extended",
    "full": "extended",
    "full length": "extended",
    "maxi": "extended",
    "maxi single": "extended",
    "12": "extended",
    "12 inch": "extended",
    "12 extended": "extended",
    "12 inch extended": "extended",
    "original extended": "extended",
    "extended original": "extended",
    "extended dj": "extended",
    "original": "original",
    "orig": "original",
    "main": "original",
    "album": "original",
    "lp": "original",
    "radio": "radio",
    "original radio": "radio",
    "main radio": "radio",
    "short radio": "radio",
    "official radio": "radio",
    "tv": "radio",
    "fm": "radio",
    "airplay": "radio",
    "single": "radio",
    "short": "radio",
    "video": "radio",
    "music video": "radio",
    "streaming": "radio",
    "spotify": "radio",
    "7": "radio",
    "7 inch": "radio",
    "7 radio": "radio",
    "7 inch radio": "radio",
    "7 single": "radio",
    "7 inch single": "radio",
}
_CUT_ALONE: Final[dict[str, str]] = {
    "extended": "extended",
    "full length": "extended",
    "12 inch": "extended",
    "12 extended": "extended",
    "12 inch extended": "extended",
    "dj edit": "extended",
    "dj version": "extended",
    "dj cut": "extended",
    "original": "original",
    "radio": "radio",
    "7 inch": "radio",
    "original edit": "radio",
    "album edit": "radio",
    "lp edit": "radio",
    "main edit": "radio",
    "mix edit": "radio",
    "edit mix": "radio",
}

CUTS: Final[dict[str, str]] = {f"{length} {form}": cut for length, cut in _CUT_LENGTHS.items() for form in _CUT_FORMS} | _CUT_ALONE
"""Names of cuts: how long a recording is, not which recording it is. A length before a form ("7 inch" and "edit"), and those that
are complete by themselves or mean something other than their parts."""

KINDS: Final[dict[str, str]] = {
    "remix": "remix",
    "remixed": "remix",
    "remixes": "remix",
    "rmx": "remix",
    "re mix": "remix",
    "rework": "rework",
    "re work": "rework",
    "reworked": "rework",
    "reworks": "rework",
    "edit": "edit",
    "edited": "edit",
    "re edit": "edit",
    "reedit": "edit",
    "dub": "dub",
    "dub mix": "dub",
    "dubmix": "dub",
    "dub version": "dub",
    "dubapella": "dub",
    "dub a pella": "dub",
    "vip": "vip",
    "vip mix": "vip",
    "vip remix": "vip",
    "v i p": "vip",
    "bootleg": "bootleg",
    "mashup": "mashup",
    "mash up": "mashup",
    "flip": "flip",
    "refix": "refix",
    "re fix": "refix",
    "remake": "remake",
    "re recorded": "remake",
    "rerecorded": "remake",
    "re recording": "remake",
    "reimagined": "reimagined",
    "re imagined": "reimagined",
    "reinterpretation": "reimagined",
    "interpretation": "reimagined",
    "revisited": "revisited",
    "revisit": "revisited",
    "redux": "redux",
    "reconstruction": "reconstruction",
    "deconstructed": "reconstruction",
    "rerub": "rerub",
    "re rub": "rerub",
    "treatment": "treatment",
    "stripped": "stripped",
    "stripped down": "stripped",
    "stripped version": "stripped",
    "stripped back": "stripped",
    "revision": "reimagined",
    "respray": "reimagined",
    "instrumental": "instrumental",
    "instrumental mix": "instrumental",
    "instrumental version": "instrumental",
    "inst": "instrumental",
    "acapella": "acapella",
    "acappella": "acapella",
    "a cappella": "acapella",
    "accapella": "acapella",
    "acapela": "acapella",
    "a capella": "acapella",
    "percapella": "acapella",
    "vocals only": "acapella",
    "vox": "acapella",
    "no vocals": "instrumental",
    "karaoke": "karaoke",
    "karaoke version": "karaoke",
    "backing track": "karaoke",
    "tribute": "tribute",
    "tribute version": "tribute",
    "cover": "cover",
    "cover version": "cover",
    "cast version": "cover",
    "live": "live",
    "live version": "live",
    "live mix": "live",
    "live edit": "live",
    "en vivo": "live",
    "ao vivo": "live",
    "en directo": "live",
    "unplugged": "live",
    "live session": "live",
    "sped up": "sped up",
    "speed up": "sped up",
    "spedup": "sped up",
    "sped up version": "sped up",
    "nightcore": "sped up",
    "slowed": "slowed",
    "slowed down": "slowed",
    "slowed version": "slowed",
    "slowed reverb": "slowed",
    "slowed and reverb": "slowed",
    "slowed and reverbed": "slowed",
    "reverb": "slowed",
    "mixed": "mixed",
    "dj mix": "mixed",
    "mix cut": "mixed",
    "continuous mix": "mixed",
    "continuous dj mix": "mixed",
    "acoustic": "acoustic",
    "acoustic version": "acoustic",
    "acoustic mix": "acoustic",
    "piano version": "piano",
    "piano": "piano",
    "orchestral": "orchestral",
    "orchestral version": "orchestral",
    "symphonic": "orchestral",
    "symphonic version": "orchestral",
    "demo": "demo",
    "demo version": "demo",
    "reprise": "reprise",
    "interlude": "interlude",
    "intro": "intro",
    "intro mix": "intro",
    "outro": "outro",
    "8d": "8d",
    "8d audio": "8d",
    "lofi": "lofi",
    "lo fi": "lofi",
    "hardstyle": "hardstyle",
    "phonk": "phonk",
    "jersey club": "jersey club",
    "electro swing": "electro swing",
    "dj tool": "tool",
    "drum tool": "tool",
    "drum tools": "tool",
    "tool": "tool",
    "bonus beats": "tool",
    "loop": "tool",
    "commentary": "commentary",
    "ringtone": "ringtone",
    "bass boosted": "bass boosted",
    "pitched": "pitched",
    "beatless": "beatless",
    "drumless": "drumless",
}
"""Names of versions: a different recording from one without them."""

NOTES: Final[dict[str, str]] = {
    "remaster": "remaster",
    "remastered": "remaster",
    "remastering": "remaster",
    "digital remaster": "remaster",
    "digitally remastered": "remaster",
    "remastered version": "remaster",
    "remaster version": "remaster",
    "bonus": "bonus",
    "bonus track": "bonus",
    "explicit": "explicit",
    "explicit version": "explicit",
    "clean": "clean",
    "clean version": "clean",
    "deluxe": "edition",
    "deluxe edition": "edition",
    "deluxe version": "edition",
    "limited edition": "edition",
    "special edition": "edition",
    "mono": "mono",
    "stereo": "stereo",
} | {
    " ".join(part for part in (shop, word, form) if part): "exclusive"
    for shop in ("", "beatport", "spotify", "traxsource", "juno", "bandcamp", "itunes", "digital", "web", "online", "vinyl")
    for word in ("exclusive", "exclusives", "bonus", "only", "edition")
    for form in ("", "mix", "version", "edit", "edition", "track", "release", "single")
    if shop or word not in ("only", "edition")
}
"""Words about the sound or the edition, not the recording."""

MIX_WORDS: Final = frozenset({"mix", "mixx", "mx", "version", "ver", "edition"})
"""A mix after a name is a remix ("Claptone Extended Mix" on Beatport is "Claptone Remix" on Spotify)."""

JOINED_WORDS: Final[dict[str, str]] = {
    phrase.replace(" ", ""): phrase
    for phrase in [*CUTS, *KINDS, "club mix", "club remix", "vocal mix", "extended remix", "radio remix", "extended club mix"]
    if " " in phrase and phrase.rpartition(" ")[2] in {"mix", "remix", "edit", "version", "cut"} and not phrase[0].isdigit()
}
"""Version words that some write as one: "DjEdit", "ExtendedMix"."""

CLUB_WORDS: Final = frozenset({"club"})
"""An equal length decides between "Original Mix" and these: one service's original is the other's club mix."""

SOFT_KINDS: Final = frozenset({"remix", "edit", "rework", "other"})
"""Versions with a different arrangement, and so a different length: an equal ISRC and an equal length together
outweigh their words. Versions of the original's arrangement (instrumental, dub, vocals only) always have its length."""

SAME_ARRANGEMENT: Final = frozenset({"vocal", "vocals", "english", "german", "spanish", "french", "italian", "portuguese", "russian"})
"""Words of a soft version that do not change the length."""

SURE_WORDS: Final = frozenset(
    {"mix", "mixx", "mx", "version", "edit", "remix", "remixes", "rmx", "rework", "bootleg", "mashup", "vip", "instrumental"}
) | {
    "acapella",
    "acappella",
    "karaoke",
    "remaster",
    "remastered",
    "reworked",
    "refix",
    "reimagined",
    "remixed",
    "nightcore",
    "slowed",
}
"""A bracket with one of these anywhere in it is a version."""

LAST_WORDS: Final = frozenset(
    {"dub", "flip", "cover", "demo", "acoustic", "tribute", "mixed", "extended", "remake", "respray", "revision", "ver"}
    | {"interpretation", "reinterpretation", "reconstruction", "redux", "revisited", "rerub", "treatment"}
)
"""A bracket that ends with one of these is a version ("Carlita Flip"); with the word elsewhere it is a subtitle ("Mixed Emotions")."""

SOURCE_WORDS: Final = frozenset({"film", "movie", "motion", "soundtrack", "series", "game", "ost"})
"""In a bracket or suffix that begins with "from" or "music from": where a recording was used, not which recording it is."""

VERSION_STARTS: Final[dict[str, str]] = {
    "live at": "live",
    "live from": "live",
    "live in": "live",
    "live on": "live",
    "live version": "live",
    "live session": "live",
    "live recording": "live",
    "live bei": "live",
    "live im": "live",
    "recorded live": "live",
    "in the style of": "tribute",
    "originally performed by": "tribute",
    "made famous by": "tribute",
    "as made famous by": "tribute",
    "made popular by": "tribute",
    "tribute to": "tribute",
    "a tribute to": "tribute",
    "cover of": "cover",
}
"""A bracket or suffix that begins with one of these is a version, whatever follows; "Live Your Life" is not."""
