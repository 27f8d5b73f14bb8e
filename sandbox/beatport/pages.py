"""Web pages: Next.js HTML around `__NEXT_DATA__`, the challenge, and the page for unknown addresses.

The skeleton follows the saved page of October 2023; the order of its queries follows the facts on labels and charts.
"""

from __future__ import annotations

import html
import json
from datetime import UTC, date, datetime
from typing import Any, Final

_BUILD: Final = "SandboxBuild0000000001"
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">

<head>
    <meta charset="utf-8" />
    <meta content="width=device-width" name="viewport" />
    <title>{title} :: Beatport</title>
    <script defer="" src="/_next/static/{build}/_buildManifest.js"></script>
    <script type="application/ld+json">{{"@context":"https://schema.org","@type":"WebSite"}}</script>
</head>

<body class="__variable_55bd0e">
    <div id="__next">
        <div></div>
    </div>
    <script id="__NEXT_DATA__"
        type="application/json">{data}</script>
    <noscript>You need to enable JavaScript to run this app.</noscript>
</body>

</html>
"""
_CHALLENGE: Final = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><meta name="robots" content="noindex,nofollow">
<meta http-equiv="refresh" content="390"></head><body class="no-js"><div class="main-wrapper" role="main">
<div class="main-content"><h2 class="h2" id="challenge-running">Checking if the site connection is secure</h2>
<noscript><div id="challenge-error-title">Enable JavaScript and cookies to continue</div></noscript></div></div>
<script>(function(){window._cf_chl_opt={cvId:'3',cType:'managed'};}());</script></body></html>
"""


def next_page(title: str, route: str, query: dict[str, str], props: dict[str, Any]) -> str:
    """A complete page.

    Args:
        title: shown in the browser's bar.
        route: Next's pattern of the page, as "/genre/[description]/[id]/top-100".
        query: the pattern's values.
        props: the page's own, merged into pageProps.
    """
    data = {
        "props": {
            "pageProps": {"_sentryTraceData": "sandbox", "_sentryBaggage": "sentry-environment=sandbox", **props, "_nextI18Next": _I18N},
            "__N_SSP": True,
        },
        "page": route,
        "query": query,
        "buildId": _BUILD,
        "isFallback": False,
        "gssp": True,
        "customServer": True,
        "appGip": True,
        "locale": "en",
        "locales": ["en", "de", "fr", "es", "it", "pt", "ja", "nl"],
        "defaultLocale": "en",
        "scriptLoader": [],
    }
    return _PAGE.format(title=html.escape(title), build=_BUILD, data=_embed(data))


def dehydrated(queries: list[tuple[str, Any]], day: date) -> dict[str, Any]:
    """`dehydratedState` of (key, data) pairs, in that order."""
    at = int(datetime(day.year, day.month, day.day, 6, tzinfo=UTC).timestamp() * 1000)
    return {"mutations": [], "queries": [_query(key, data, at) for key, data in queries]}


def challenge_page() -> str:
    """Cloudflare's page instead of Beatport's: it has no `__NEXT_DATA__`."""
    return _CHALLENGE


def error_page(status: int) -> str:
    """Beatport's own page for an unknown address: `__NEXT_DATA__` without a chart."""
    return next_page("Page not found", "/_error", {}, {"statusCode": status})


def _query(key: str, data: Any, updated_at: int) -> dict[str, Any]:
    state = {
        "data": data,
        "dataUpdateCount": 1,
        "dataUpdatedAt": updated_at,
        "error": None,
        "errorUpdateCount": 0,
        "errorUpdatedAt": 0,
        "fetchFailureCount": 0,
        "fetchFailureReason": None,
        "fetchMeta": None,
        "isInvalidated": False,
        "status": "success",
        "fetchStatus": "idle",
    }
    return {"state": state, "queryKey": [key], "queryHash": json.dumps([key], separators=(",", ":"))}


def _embed(data: dict[str, Any]) -> str:
    """JSON that cannot end its script element, escaped as in Next.js."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for letter in "&<>\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


_I18N: Final = {
    "initialI18nStore": {"en": {"translation": {"Artist": "Artist", "Track": "Track", "Top": {"Top100Tracks": "Top 100 Tracks"}}}},
    "initialLocale": "en",
    "ns": ["translation"],
    "userConfig": None,
}
