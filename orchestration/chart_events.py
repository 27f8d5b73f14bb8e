"""Events of Prefect's about charts, for automations: `beatporter.chart.noted` and `beatporter.chart.challenged`."""

from __future__ import annotations

from prefect.events import emit_event


def emit_chart_event(what: str, slug: str, note: str) -> None:
    """Tell Prefect's server of something about a chart; where it is away nothing is lost but the event.

    Args:
        what: noted (something is unusual, or a source refused) or challenged (an older chart stands in).
        slug: of the genre, chart or label.
        note: in words for the person.
    """
    emit_event(f"beatporter.chart.{what}", resource={"prefect.resource.id": f"beatporter.chart.{slug}"}, payload={"note": note})
