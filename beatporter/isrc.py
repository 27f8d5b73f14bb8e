"""ISRCs, the codes of recordings, in one spelling for both services, so that equal codes compare equal."""

from __future__ import annotations

import re

_ISRC = re.compile(r"[A-Z0-9]{12}")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]")


def clean_isrc(value: object) -> str | None:
    """The code in upper case, without dashes and spaces; None when it is not an ISRC of 12 characters (ISO 3901).

    Args:
        value: a field of an answer, of any type.
    """
    code = _BETWEEN.sub("", value).upper() if isinstance(value, str) else ""
    return code if _ISRC.fullmatch(code) else None
