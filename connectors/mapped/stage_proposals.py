"""Words of CRMs for where a deal stands, as the default stages have it: a proposal that a person looks over."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.mapped.kinds import bare
from schemas.stages import Stages

_WORDS: dict[str, str] = {
    # amoCRM and Kommo
    **dict.fromkeys(("неразобранное", "incomingleads", "первичныйконтакт", "initialcontact"), "new"),
    **dict.fromkeys(("переговоры", "discussions", "negotiation"), "active"),
    **dict.fromkeys(
        ("принимаютрешение", "decisionmaking", "согласованиедоговора", "contractdiscussion"), "development"
    ),
    **dict.fromkeys(("успешнореализовано", "closedwon", "won", "dealwon"), "customer"),
    **dict.fromkeys(("закрытоинереализовано", "closedlost", "lost", "deallost"), "disqualified"),
    # Bitrix24
    **dict.fromkeys(("новая", "новыйлид", "необработан"), "new"),
    **dict.fromkeys(("подготовкадокументов", "вработе", "inprogress"), "active"),
    **dict.fromkeys(("cчетнапредоплату", "счетнапредоплату", "финальныйсчет"), "development"),
    **dict.fromkeys(("executing", "prepaymentinvoice", "preparation", "finalinvoice"), "development"),
    **dict.fromkeys(("сделкауспешна", "завершитьсделку"), "customer"),
    **dict.fromkeys(("сделкапровалена", "некачественныйлид", "apology", "lose"), "disqualified"),
    # HubSpot
    **dict.fromkeys(("subscriber", "lead", "appointmentscheduled"), "new"),
    **dict.fromkeys(("marketingqualifiedlead", "qualifiedtobuy", "presentationscheduled"), "active"),
    **dict.fromkeys(("salesqualifiedlead", "opportunity", "decisionmakerboughtin", "contractsent"), "development"),
    "evangelist": "customer",
}


def stage_of(word: str, stages: Stages) -> str | None:
    """The code that a CRM's word for a stage is proposed to mean; None where nobody can tell."""
    code = stages.find(word) or _WORDS.get(bare(word))
    return code if code in stages.codes else None


def unknown_stages(titles: Sequence[str], stages: Stages) -> dict[str, str]:
    """Their words that our stages do not know -> what they are proposed to mean, "" where nobody can tell."""
    strange = dict.fromkeys(word.strip() for word in titles if word.strip() and stages.find(word) is None)
    return {word: stage_of(word, stages) or "" for word in strange}
