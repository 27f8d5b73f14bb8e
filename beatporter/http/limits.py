"""The caps on what a service may send, each with its reason.

An honest answer never comes near one. Measured on real answers (2023 to 2026): a Beatport chart page has 0.33 MB, its API's Top 100
0.44 MB, a search of Spotify's 0.04 MB, an entry of a playlist without a mask of fields 16 KB, so a page of 50 entries 0.82 MB.
"""

from __future__ import annotations

MAX_BODY_BYTES = 4 * 2**20
"""A body after decompression: five times the largest honest one."""
MAX_WIRE_BYTES = 2 * MAX_BODY_BYTES
"""A body as it is sent, which chunk sizes make longer. It ends a compressed body that never grows when it is decompressed."""
MAX_HEADER_BYTES = 256 * 2**10
"""Status line and headers, with those of every `100 Continue` before; honest ones have at most 10 KB."""
ANSWER_TIMEOUTS = 4
"""The whole answer may take so many times `http_timeout_s`, the longest silence: a minute by default, where honest ones take a second."""
MAX_REDIRECTS = 5
"""Beatport redirects once, when a genre's slug has changed. Spotify's redirects are never followed."""
MAX_RETRY_AFTER_S = 7 * 86_400.0
"""The longest that was seen is 14.6 hours. A longer one is nonsense, and would silence every run for as long."""
MAX_JSON_VALUES = 250_000
"""Values of one document: a page of 50 entries without a mask has 30,000. Without this cap 4 MB of `{}` would take 110 MB of memory."""
MAX_JSON_DEPTH = 50
"""Honest answers nest 12 levels deep. Far deeper ones would exceed Python's recursion limit when they are printed or encoded again."""
MAX_NUMBER = 2**31 - 1
"""Counts and lengths in milliseconds; larger ones do not fit the ledger's columns."""
MAX_TEXT_LENGTH = 1_000
"""Characters of a name or title; Beatport's and Spotify's longest have under 300."""
MAX_PAGE_ENTRIES = 1_000
"""Entries on one page of a list: Beatport's API gives up to 1,000, Spotify 50."""
MAX_PAGES = 400
"""Pages of one list: 20,000 entries at 50 a page. A playlist holds about 10,000."""
