"""The sentences on top of a report, in the reader's language."""

from __future__ import annotations

from pipeline.drawing.render_context import RenderContext
from pipeline.readouts.headlines import Behind, Headline
from schemas.screens.translations.report import ReportTexts


def sentence(headline: Headline, texts: ReportTexts, context: RenderContext, *, against: str, loss: str) -> str:
    """One of them. `against` is what changes are held against, `loss` the sentence of the funnel."""
    facts = {name: context.value(fact.value, fact.column) for name, fact in headline.facts.items()}
    behind = "; ".join(_behind(one, texts, context) for one in headline.behind)
    text = headline.text.removesuffix(".")
    filling = {**facts, "behind": behind, "text": text, "against": against, "loss": loss}
    return texts.headlines[headline.id].format(**filling)


def _behind(one: Behind, texts: ReportTexts, context: RenderContext) -> str:
    fact, due = (context.value(each.value, each.column) for each in (one.fact, one.due))
    return texts.headlines["lag"].format(manager=one.manager, letter=one.letter, fact=fact, due=due)
