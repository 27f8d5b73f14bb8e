"""Each sign of the challenge is enough, and an ordinary page has none of them."""

from __future__ import annotations

import pytest

from beatporter.beatport.challenge import challenge_shown, is_challenge

JUST_A_MOMENT = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"
ORDINARY = (
    "<html><head><title>House</title><script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script></head>"
    '<body><script id="__NEXT_DATA__">{}</script></body></html>'
)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, {"cf-mitigated": "challenge"}, JUST_A_MOMENT),
        (200, {"CF-Mitigated": "challenge"}, ""),
        (200, {}, JUST_A_MOMENT),
        (503, {}, JUST_A_MOMENT.replace("<title>", "<TITLE lang='en'>\n ")),
        (200, {}, "<html><script>window._cf_chl_opt={}</script></html>"),
        (403, {}, "<html><head><title>Beatport</title></head><body>Please prove that you are human</body></html>"),
    ],
)
def test_each_sign_alone_is_a_challenge(status: int, headers: dict[str, str], body: str) -> None:
    assert is_challenge(status, headers, body)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"cf-ray": "x"}, ORDINARY),
        (200, {}, ORDINARY.replace("House", "Just a moment...")),
        (403, {}, '{"detail": "You do not have permission to perform this action."}'),
        (500, {}, "<html><title>Error</title></html>"),
        (304, {}, ""),
    ],
)
def test_other_answers_are_none(status: int, headers: dict[str, str], body: str) -> None:
    assert not is_challenge(status, headers, body)


def test_the_error_names_the_other_ways_in() -> None:
    text = str(challenge_shown("https://www.beatport.com/genre/house/5/top-100"))
    assert all(way in text for way in ("beatporter inbox", "beatporter login beatport", "STALE_CHART_DAYS", "/genre/house/5/top-100"))
