"""The text around a report's numbers, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from pipeline.drawing.render_context import RenderContext
from pipeline.drawing.report.headlines import sentence
from pipeline.readouts.headlines import headlines
from pipeline.readouts.report_data import ReportData
from schemas.parameters import Department
from schemas.screens.panel import PanelType
from schemas.screens.report import ReportPart
from schemas.screens.translations.boards import Titled
from schemas.screens.translations.report import ReportTexts, report_texts


class ReportText:
    """The text around a report's numbers, in one language."""

    def __init__(self, language: str, department: Department, report: ReportData) -> None:
        self.language = language
        self.department = department
        self.report = report
        self.texts: ReportTexts = report_texts(language)
        currencies = {
            c.title_id.partition(":")[2] for one in report.parts() for c in one.columns if c.title_id[:4] == "sum:"
        }
        sums = {f"sum:{currency}": self.texts.sum_of_d.format(currency=currency) for currency in currencies}
        self.context = RenderContext(
            language,
            department,
            values={"conversation_s": str(department.conversation_s)},
            columns={**self.texts.columns, **sums},
        )

    @property
    def subject(self) -> str:
        """Of the letter: it says so when the data is stale."""
        heading = self.report.heading
        subject = self.texts.subject.format(kind=heading.kind, period=heading.period)
        return self.texts.stale_subject.format(subject=subject) if heading.stale else subject

    def moment(self, at: datetime) -> str:
        return at.astimezone(self.context.zone).strftime(self.context.texts.moment)

    @property
    def lines(self) -> list[str]:
        """Under the title: what it is of."""
        heading, texts = self.report.heading, self.texts
        until = texts.until.format(moment=self.moment(heading.as_of), zone=self.department.zone)
        lines = [
            f"{heading.kind.capitalize()}: {heading.period}, {until}.",
            texts.changes.format(against=heading.before),
        ]
        if not heading.is_complete:
            lines.append(texts.not_over.format(moment=self.moment(heading.as_of)))
        lines += heading.missing
        if heading.teams:
            lines.append(texts.only_teams.format(names=", ".join(heading.teams)))
        if heading.managers:
            lines.append(texts.only_managers.format(names=", ".join(heading.managers)))
        return lines

    @property
    def loss(self) -> str:
        """Where the funnel leaks most, in a sentence."""
        found = self.report.part("funnel_loss")
        if not found.rows:
            return self.texts.no_loss
        row = found.rows[0]
        values = {column.name: self.context.value(row[column.name], column) for column in found.columns}
        return self.texts.loss.format(**{name: values[name] for name in ("from_stage", "stage", "lost", "drop_off")})

    @cached_property
    def headlines(self) -> list[str]:
        """What a deputy would say of it, in at most five sentences."""
        against, loss = self.report.heading.before, self.loss
        return [sentence(one, self.texts, self.context, against=against, loss=loss) for one in headlines(self.report)]

    @property
    def definitions(self) -> list[str]:
        potential = ", ".join(one.title_in(self.language) for one in self.department.stages.stages if one.potential)
        filling = {"N": self.department.conversation_s, "potential": potential, "against": self.report.heading.before}
        return [line.format(**filling) for line in self.texts.definitions]

    @property
    def made(self) -> str:
        return self.texts.made.format(moment=self.moment(self.report.heading.made_at), zone=self.department.zone)

    def titled(self, part: ReportPart) -> Titled:
        """A part's title and what it counts; the report's own texts, else the board's."""
        own: Mapping[str, Titled] = self.texts.panels
        if part.id in own:
            return own[part.id]
        span = self.texts.spans[part.span]
        title = self.context.panel_title(part.panel)
        return Titled(f"{title}, {span}" if span else title, self.context.panel_description(part.panel))

    def empty(self, part: ReportPart) -> str:
        """Instead of no rows."""
        return self.texts.nobody_flagged if part.flagged or part.of_rules else self.context.texts.nothing


def is_chart(part: ReportPart) -> bool:
    return part.panel.panel_type not in (PanelType.STAT, PanelType.TABLE, PanelType.MATRIX)
