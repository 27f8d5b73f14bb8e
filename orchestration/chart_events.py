"""Sends events about charts to Prefect, for automations: `beatporter.chart.noted` and `beatporter.chart.challenged`."""

from __future__ import annotations

from prefect.events import emit_event


def emit_chart_event(what: str, slug: str, note: str) -> None:
    """Send an event about a chart to Prefect's server; if the server is down, only the event is lost.

    Args:
        what: noted (something is unusual, or a source refused) or challenged (an older chart is used).
        slug: of the genre, chart or label.
        note: a sentence for the person.
    """
    emit_event(f"beatporter.chart.{what}", resource={"prefect.resource.id": f"beatporter.chart.{slug}"}, payload={"note": note})
