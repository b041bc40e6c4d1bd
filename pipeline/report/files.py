"""The report as files, as the text of a letter, and for programs."""

from __future__ import annotations

from pipeline.drawing.assets import page_file, plotly_script, report_file
from pipeline.drawing.report.page import page
from pipeline.drawing.report.text import ReportText
from pipeline.drawing.report.workbook import workbook
from pipeline.readouts.report_data import ReportData
from pipeline.report.paper import printed
from pipeline.report.periods import ReportPeriod


def rendered(text: ReportText, suffix: str) -> bytes:
    """The file of a suffix. Raises Terminal for a PDF that no browser makes."""
    if suffix == ".xlsx":
        return workbook(text)
    styles = (page_file("page.css") + report_file("report.css")).decode()
    ours = (page_file("draw.js") + report_file("report.js")).decode()
    # A script must not be ended by its own text.
    scripts = f"{plotly_script().decode()}\n{ours}".replace("</script", "<\\/script")
    html = page(text, styles=styles, scripts=scripts).encode()
    return printed(html) if suffix == ".pdf" else html


def in_short(text: ReportText) -> str:
    """The letter for programs that show no HTML."""
    stale = [text.texts.stale, *text.report.heading.stale] if text.report.heading.stale else []
    return "\n".join([text.texts.title, *stale, *text.lines, "", *text.headlines, "", text.texts.attached, ""])


def as_objects(report: ReportData) -> list[dict[str, object]]:
    """Each part with its rows, as the store said them."""
    return [{"part": one.part.id, "span": one.part.span.value, "rows": list(one.rows)} for one in report.parts()]


def file_name(span: ReportPeriod, suffix: str) -> str:
    return f"callfunnel-{span.kind}-{span.period.first}.{suffix}"
