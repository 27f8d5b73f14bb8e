"""The error tree of the domain; nothing is caught or logged here.

    BeatporterError
    ├── TransientError            a retry may help
    │   ├── RateLimited           Spotify or Beatport asked to wait
    │   ├── UpstreamDown          5xx, a broken connection, a time-out, an answer that is no JSON
    │   └── LedgerUnavailable     the ledger's database is locked for long, or its server does not answer
    └── PermanentError            a retry will not help before somebody does something
        ├── QuotaExceeded         Spotify's daily quota is spent, until a date
        ├── ChallengeShown        Beatport asked for a human
        ├── PageShapeChanged      Beatport's page has no chart where one is expected
        ├── ChartUnavailable      no chart: empty, not found, or the file is missing
        │   └── ChartNotYet       this week's chart is not out yet
        ├── SignInExpired         a refresh token is dead or missing
        ├── RequestRefused        Spotify or Beatport refused a request for good (4xx)
        ├── SettingsError         a setting is missing or wrong
        ├── UnknownGenre          no genre of that name
        ├── UnknownChart          no chart or label that could be meant
        ├── LedgerCorrupt         the ledger's database or archive is damaged
        ├── LedgerUnwritable      the ledger or its archive cannot be written
        └── PlaylistFull          the playlist holds as many tracks as Spotify allows

Every message says what happened, to what, and what the person can do. No message holds a secret: build messages from
names and addresses without their query, never from headers or request bodies.
"""

from __future__ import annotations

from datetime import datetime

from beatporter.control_characters import without_control_characters


class BeatporterError(Exception):
    """Base of everything that Beatporter raises on purpose.

    Attributes:
        what: what happened and to what, one sentence.
        remedy: what the person can do, one sentence; may be empty.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        what, remedy = without_control_characters(what), without_control_characters(remedy)  # some of it may be a service's own words
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".rstrip()


class TransientError(BeatporterError):
    """May be gone when the same is tried again later."""


class RateLimited(TransientError):
    """Asked to wait.

    Attributes:
        retry_after_s: seconds that the service named, None when it named none.
    """

    def __init__(self, what: str, remedy: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(what, remedy)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class UpstreamDown(TransientError):
    """The service did not answer, or not with what it should.

    Attributes:
        outcome_unknown: True when the request may have been carried out all the same; read before sending again.
    """

    def __init__(self, what: str, remedy: str = "", *, outcome_unknown: bool = True) -> None:
        super().__init__(what, remedy)
        self.outcome_unknown = outcome_unknown

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class LedgerUnavailable(TransientError):
    """The ledger's database did not answer: locked by another process for long, or its server is away."""


class PermanentError(BeatporterError):
    """Stays as it is until somebody does something."""


class QuotaExceeded(PermanentError):
    """Spotify's daily quota, or the person's own daily budget, is spent.

    Attributes:
        until: when asking makes sense again (aware, UTC).
    """

    def __init__(self, what: str, remedy: str = "", *, until: datetime) -> None:
        super().__init__(what, remedy)
        self.until = until

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ChallengeShown(PermanentError):
    """Beatport asked for proof of a human; this is taken as a no."""


class PageShapeChanged(PermanentError):
    """A Beatport answer does not hold what it should."""


class ChartUnavailable(PermanentError):
    """There is no chart to be had: empty, not found, or no such file."""


class ChartNotYet(ChartUnavailable):
    """A chart that comes out every week or month is not out yet; it is waited for."""


class SignInExpired(PermanentError):
    """Spotify or Beatport does not take the sign-in any more, or there is none."""


class RequestRefused(PermanentError):
    """The service refused the request for good.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, what: str, remedy: str = "", *, status: int) -> None:
        super().__init__(what, remedy)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class SettingsError(PermanentError):
    """A setting is missing or has a value that it does not take."""


class UnknownGenre(PermanentError):
    """No genre of that name."""


class UnknownChart(PermanentError):
    """What was named is no chart or label of Beatport's."""


class LedgerCorrupt(PermanentError):
    """The ledger's database or its archive is damaged. Never "not there": an answer without what is lost might add a track twice."""


class LedgerUnwritable(PermanentError):
    """The ledger or its archive cannot be written: disk full, no permission, no such bucket."""


class PlaylistFull(PermanentError):
    """The playlist holds as many tracks as Spotify allows."""


def _rebuild(kind: type[BeatporterError], args: tuple[str, str], state: dict[str, object]) -> BeatporterError:
    """Unpickle an error whose constructor takes keyword arguments (results and processes pickle errors)."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
