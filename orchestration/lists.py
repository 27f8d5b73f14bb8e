"""What a run syncs besides genres: the flow and deployment of a chart or label, and its slug in a run's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from beatporter.errors import BeatporterError, SettingsError
from beatporter.names import playlist_name
from beatporter.playlist_kinds import PlaylistKind, in_order
from beatporter.settings import Settings, load_settings
from beatporter.subscriptions import LABELS, Subscription, with_top

Parameter = Literal["genre", "chart", "label"]
DEPLOYMENTS: Mapping[Parameter, str] = {
    "genre": "sync-genre/sync-genre",
    "chart": "sync-chart/sync-chart",
    "label": "sync-label/sync-label",
}
"""By the parameter that names the chart, label or genre."""
LIST_FLOWS = tuple(deployment.partition("/")[0] for deployment in DEPLOYMENTS.values())
"""The flows that update the playlists of one list each."""
PARENT_FLOW = "sync-genres"


def parameter_of(slug: str, settings: Settings | None = None) -> Parameter:
    """Whether a slug is a genre's, a chart's or a label's; an unknown one counts as a genre's, and its run then reports that."""
    settings = settings or load_settings()
    try:
        found = settings.find_list(slug)
    except BeatporterError:
        return "genre"
    return "genre" if not isinstance(found, Subscription) else "label" if found.is_label else "chart"


def chart_slug(text: str, top: int | None = None) -> str:
    """The slug of a chart that a person names.

    Raises:
        UnknownChart, UnknownGenre: there is no such chart.
    """
    found = load_settings().find_list(text)
    if top is None:
        return found.slug
    if not isinstance(found, Subscription):
        return load_settings().read_list(f"genre:{found.slug}", top=top).slug
    return with_top(found, top).slug


def label_slug(text: str) -> str:
    """The slug of a label that a person names, as `8bit/3248` or its address.

    Raises:
        UnknownChart: there is no such label.
    """
    settings = load_settings()
    kinds = tuple(f"{kind}:" for kind in LABELS)
    own = settings.subscriptions()
    known = text in own or any(one.name == text for one in own.values()) or text.startswith((*kinds, "label-", "whole-label-"))
    return settings.find_list(text if known else f"label:{text}").slug


def chosen_kinds(slug: str, kinds: Sequence[PlaylistKind] | None) -> tuple[PlaylistKind, ...]:
    """The kinds of playlist that a run of this list updates, in the order of a run.

    Args:
        kinds: what a person chose for this run; empty for those of the settings.

    Raises:
        SettingsError: two of them have one name.
    """
    settings = load_settings()
    genre = settings.find_list(slug)
    options = settings.playlist_options(genre)
    if not kinds:
        return options.kinds
    chosen = in_order(kinds)
    used = {playlist_name(options, genre, kind): kind for kind in options.kinds}
    for kind in chosen:
        name = playlist_name(options, genre, kind)
        if used.setdefault(name, kind) != kind:
            raise SettingsError(f"The {kind} and the {used[name]} playlist of {slug} are both named {name!r}.", "Give one another name.")
    return chosen


def slug_of(parameters: Mapping[str, Any]) -> str:
    """The slug of what a run with these parameters syncs; an invalid value unchanged, empty without a value."""
    try:
        if chart := parameters.get("chart"):
            return chart_slug(str(chart), parameters.get("top"))
        if label := parameters.get("label"):
            return label_slug(str(label))
    except BeatporterError:
        return ""
    return str(parameters.get("genre") or "")
