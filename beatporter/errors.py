"""The error tree of the domain. Nothing is caught or logged here.

    BeatporterError
    ├── TransientError            a retry may help
    │   ├── RateLimited           Spotify or Beatport asked to wait
    │   ├── UpstreamDown          5xx, a broken connection, a time-out, an answer that is not JSON
    │   └── LedgerUnavailable     the ledger's database stays locked, or its server does not answer
    └── PermanentError            a retry will not help until somebody acts
        ├── QuotaExceeded         Spotify's daily quota is spent, until a date
        ├── ChallengeShown        Beatport asked for a human
        ├── PageShapeChanged      Beatport's page has no chart where one is expected
        ├── ChartUnavailable      the chart is empty or not found, or its file is missing
        │   └── ChartNotYet       this week's chart is not out yet
        ├── SignInExpired         a refresh token is dead or missing
        ├── RequestRefused        Spotify or Beatport refused a request permanently (4xx)
        ├── SettingsError         a setting is missing or wrong
        ├── UnknownGenre          there is no genre with that name
        ├── UnknownChart          no known chart or label matches
        ├── LedgerCorrupt         the ledger's database or archive is damaged
        ├── LedgerUnwritable      the ledger or its archive cannot be written
        ├── PlaylistFull          the playlist holds as many tracks as Spotify allows
        └── LookAlikeFound        a playlist was about to be made, and the account has one that looks like it

Every message says what happened, to what, and what the person can do about it. No message holds a secret: build messages from
names and from addresses without their query, never from headers or request bodies.
"""

from __future__ import annotations

from datetime import datetime

from beatporter.control_characters import without_control_characters


class BeatporterError(Exception):
    """Base of every error that Beatporter raises on purpose.

    Attributes:
        what: what happened and to what, one sentence.
        remedy: what the person can do, one sentence; may be empty.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        what, remedy = without_control_characters(what), without_control_characters(remedy)  # parts may quote a service
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".rstrip()


class TransientError(BeatporterError):
    """May go away when the same call is tried again later."""


class RateLimited(TransientError):
    """The service asked us to wait.

    Attributes:
        retry_after_s: seconds that the service asked for; None when it did not say.
    """

    def __init__(self, what: str, remedy: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(what, remedy)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class UpstreamDown(TransientError):
    """The service did not answer, or its answer was unusable.

    Attributes:
        outcome_unknown: True when the request may have been carried out anyway; read before sending it again.
    """

    def __init__(self, what: str, remedy: str = "", *, outcome_unknown: bool = True) -> None:
        super().__init__(what, remedy)
        self.outcome_unknown = outcome_unknown

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class LedgerUnavailable(TransientError):
    """The ledger's database did not answer: another process keeps it locked, or its server is down."""


class PermanentError(BeatporterError):
    """Does not go away until somebody acts."""


class QuotaExceeded(PermanentError):
    """Spotify's daily quota, or the person's own daily budget, is spent.

    Attributes:
        until: when it makes sense to try again (aware, UTC).
    """

    def __init__(self, what: str, remedy: str = "", *, until: datetime) -> None:
        super().__init__(what, remedy)
        self.until = until

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ChallengeShown(PermanentError):
    """Beatport asked for proof of a human. We take this as a refusal."""


class PageShapeChanged(PermanentError):
    """A Beatport answer lacks what it should hold."""


class ChartUnavailable(PermanentError):
    """There is no chart: it is empty or not found, or its file does not exist."""


class ChartNotYet(ChartUnavailable):
    """A weekly or monthly chart is not out yet; the next run looks again."""


class SignInExpired(PermanentError):
    """Spotify or Beatport no longer accepts the sign-in, or there is none."""


class RequestRefused(PermanentError):
    """The service refused the request permanently.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, what: str, remedy: str = "", *, status: int) -> None:
        super().__init__(what, remedy)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class SettingsError(PermanentError):
    """A setting is missing or has an invalid value."""


class UnknownGenre(PermanentError):
    """There is no genre with that name."""


class UnknownChart(PermanentError):
    """The text names no Beatport chart or label."""


class LedgerCorrupt(PermanentError):
    """The ledger's database or archive is damaged. Never treated as "not there": an incomplete answer could add a track twice."""


class LedgerUnwritable(PermanentError):
    """The ledger or its archive cannot be written: disk full, no permission, no such bucket."""


class PlaylistFull(PermanentError):
    """The playlist holds as many tracks as Spotify allows."""


class LookAlikeFound(PermanentError):
    """A playlist was about to be made although the account has one that looks like it; the person says which to use."""


def _rebuild(kind: type[BeatporterError], args: tuple[str, str], state: dict[str, object]) -> BeatporterError:
    """Unpickle an error whose constructor takes keyword arguments (results and processes pickle errors)."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
