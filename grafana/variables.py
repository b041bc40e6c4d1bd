"""What a reader can choose on a board. Each filters nothing until something is chosen."""

from __future__ import annotations

from collections.abc import Callable

from grafana_foundation_sdk.models import dashboard as model

from grafana.dataquery import PLUGIN_VERSION, SOURCE
from grafana.query import ALL, grafana_sql
from schemas.parameters import Department
from schemas.screens.translations.boards import board_texts
from schemas.screens.variables import QUERIES, THRESHOLDS_S

Variable = model.VariableModel


def variable(name: str, department: Department, language: str, *, single: bool = False) -> Variable:
    """One of `FIXED`, or of `QUERIES`."""
    if name in QUERIES:
        return _from_store(name, department, language, single=single)
    return _FIXED[name](department, language)


def _from_store(name: str, department: Department, language: str, *, single: bool) -> Variable:
    """Its values come from the store."""
    sql = grafana_sql(QUERIES[name], department, (*QUERIES, "zone"))
    found = Variable(
        type_val=model.VariableType.QUERY,
        name=name,
        label=board_texts(language).variables[name],
        query={"rawSql": sql, "editorType": "sql", "format": 1, "pluginVersion": PLUGIN_VERSION, "refId": name},
        definition=sql,
        datasource=SOURCE,
        # As the time range changes: the roster is that of the period.
        refresh=model.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=model.VariableSort.DISABLED,
        allow_custom_value=False,
    )
    return found if single else _several(found, language)


def _several(variable: Variable, language: str) -> Variable:
    variable.multi = True
    variable.include_all = True
    variable.all_value = ALL
    variable.current = model.VariableOption(text=board_texts(language).all, value="$__all")
    return variable


def _custom(name: str, options: list[tuple[str, str]], language: str) -> Variable:
    """Its values are known: (text, value)."""
    return Variable(
        type_val=model.VariableType.CUSTOM,
        name=name,
        label=board_texts(language).variables[name],
        query=", ".join(f"{_escaped(text)} : {_escaped(value)}" for text, value in options),
        options=[model.VariableOption(text=text, value=value, selected=False) for text, value in options],
        allow_custom_value=False,
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,")


def _stage(department: Department, language: str) -> Variable:
    options = [(one.title_in(language), one.code) for one in department.stages.stages]
    return _several(_custom("stage", options, language), language)


def _direction(_: Department, language: str) -> Variable:
    labels = board_texts(language).values["direction"]
    return _several(_custom("direction", [(word, code) for code, word in labels.items()], language), language)


def _conversation(department: Department, language: str) -> Variable:
    seconds = sorted({*THRESHOLDS_S, department.conversation_s})
    found = _custom("conversation_s", [(f"{s}", f"{s}") for s in seconds], language)
    found.current = model.VariableOption(text=f"{department.conversation_s}", value=f"{department.conversation_s}")
    return found


def _of(_: Department, language: str) -> Variable:
    labels = board_texts(language).values["of"]
    found = _custom("of", [(word, code) for code, word in labels.items()], language)
    found.current = model.VariableOption(text=labels["calls"], value="calls")
    return found


def _zone(department: Department, language: str) -> Variable:
    """The reporting zone: a constant that is seen in the board's settings only."""
    return Variable(
        type_val=model.VariableType.CONSTANT,
        name="zone",
        label=board_texts(language).variables["zone"],
        query=department.zone,
        hide=model.VariableHide.HIDE_VARIABLE,
        current=model.VariableOption(text=department.zone, value=department.zone),
    )


def _written(name: str) -> Callable[[Department, str], Variable]:
    """Set by a link; "" until then."""

    def made(_: Department, language: str) -> Variable:
        return Variable(
            type_val=model.VariableType.TEXTBOX,
            name=name,
            label=board_texts(language).variables[name],
            query="",
            current=model.VariableOption(text="", value=""),
        )

    return made


def _recordings(_: Department, language: str) -> Variable:
    """What stands before a recording's name to make an address of it, where the exchange says only the file."""
    return Variable(
        type_val=model.VariableType.CONSTANT,
        name="recordings",
        label=board_texts(language).variables["recordings"],
        query="",
        hide=model.VariableHide.HIDE_VARIABLE,
        current=model.VariableOption(text="", value=""),
    )


_FIXED: dict[str, Callable[[Department, str], Variable]] = {
    "stage": _stage,
    "direction": _direction,
    "conversation_s": _conversation,
    "of": _of,
    "zone": _zone,
    "recordings": _recordings,
    "source_of_call": _written("source_of_call"),
    "call": _written("call"),
}
