"""Recognises Cloudflare's challenge by any of its signs. It is a refusal: we never retry it and never work around it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from beatporter.beatport.parser import NEXT_DATA
from beatporter.errors import ChallengeShown

_TITLE = re.compile(r"<title[^<>]{0,200}>\s{0,200}(Just a moment|Attention Required)", re.IGNORECASE)
_SCRIPT = "_cf_chl_opt"
"""The challenge's own settings; `/cdn-cgi/challenge-platform/` alone is on ordinary pages as well."""


def is_challenge(status: int, headers: Mapping[str, str], body: str) -> bool:
    """Whether an answer is Cloudflare's challenge: by its header, by its title or script, or a 403 page without data.

    Source of the signs: observed since April 2026, see docs/decisions/beatport-sources.md.

    Args:
        status: the HTTP status; the challenge also comes with 200 and 503.
        headers: the answer's, names in any case.
        body: the answer's text, or only its beginning.
    """
    if any(name.lower() == "cf-mitigated" and "challenge" in value.lower() for name, value in headers.items()):
        return True
    if NEXT_DATA in body:
        return False
    if _TITLE.search(body) or _SCRIPT in body:
        return True
    return status == 403 and "<html" in body[:2_000].lower()


def challenge_shown(what: str) -> ChallengeShown:
    """The error for a challenge at `what`, with the alternatives."""
    return ChallengeShown(
        f"Beatport asked for proof of a human at {what}; Beatporter does not answer for one and has stopped asking.",
        "Hand the page over from your browser (`beatporter inbox`), or sign in with `beatporter login beatport`; "
        "with BEATPORTER_STALE_CHART_DAYS the last good chart is used meanwhile.",
    )
