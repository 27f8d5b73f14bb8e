"""The caps on what a service may send, each with its reason.

A normal answer never comes near one. Measured on real answers (2023 to 2026): a Beatport chart page has 0.33 MB, its API's Top 100
0.44 MB, a Spotify search 0.04 MB. A playlist entry requested without a fields mask has 16 KB, so a page of 50 has 0.82 MB.
"""

from __future__ import annotations

MAX_BODY_BYTES = 4 * 2**20
"""A body after decompression: five times the largest normal one."""
MAX_WIRE_BYTES = 2 * MAX_BODY_BYTES
"""A body as sent, including chunk sizes. This also stops a compressed body that never grows when it is decompressed."""
MAX_HEADER_BYTES = 256 * 2**10
"""Status line and headers, including those of every `100 Continue`; normal ones have at most 10 KB."""
ANSWER_TIMEOUTS = 4
"""The whole answer may take this many times `http_timeout_s` (the longest silence): one minute by default. Normal answers take a second."""
MAX_REDIRECTS = 5
"""Beatport redirects once, when a genre's slug has changed. Spotify's redirects are never followed."""
MAX_RETRY_AFTER_S = 7 * 86_400.0
"""The longest wait seen is 14.6 hours. A longer one is nonsense, and would stop every run for that long."""
MAX_JSON_VALUES = 250_000
"""Values in one document: a page of 50 entries without a mask has 30,000. Without this cap 4 MB of `{}` would take 110 MB of memory."""
MAX_JSON_DEPTH = 50
"""Normal answers nest 12 levels deep. Much deeper ones would exceed Python's recursion limit when printed or encoded again."""
MAX_NUMBER = 2**31 - 1
"""Counts and lengths in milliseconds; larger ones do not fit the ledger's columns."""
MAX_TEXT_LENGTH = 1_000
"""Characters in a name or title; the longest on Beatport and Spotify have under 300."""
MAX_PAGE_ENTRIES = 1_000
"""Entries on one page of a list: Beatport's API gives up to 1,000, Spotify 50."""
MAX_PAGES = 400
"""Pages of one list: 20,000 entries at 50 a page. A playlist holds about 10,000."""
