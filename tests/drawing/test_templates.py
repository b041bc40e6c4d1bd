"""What is put into a template is escaped by itself, and only HTML stays HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

import pipeline
from pipeline.drawing.tables import DrawnCell, DrawnHead, foot, nothing
from pipeline.drawing.templates import escaped, render

ODD = """<script>alert('x')</script>"&"""
AS_HTML = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;"


def test_text_is_escaped_wherever_it_stands_in_a_template() -> None:
    cell = DrawnCell(text=ODD, head=ODD, name="n", number=ODD, mark="bad", address=ODD)
    html = render("table.html", heads=[DrawnHead(title=ODD)], rows=[[cell]], kind="")
    assert html.count(AS_HTML) == 5
    assert "<script" not in html


def test_html_stays_html() -> None:
    assert escaped(Markup("<b>")) == "<b>"
    assert escaped("<b>") == "&lt;b&gt;"
    assert escaped(5) == "5"


def test_lines_around_a_table_are_escaped() -> None:
    assert nothing(ODD) == f'<p class="none">{AS_HTML}</p>'
    assert foot([ODD, "2"]) == f'<p class="foot"><span>{AS_HTML}</span><span>2</span></p>'
    assert foot([]) == ""


def test_value_that_is_not_given_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(UndefinedError):
        render("table.html", heads=[], rows=[])


def test_nobody_escapes_by_hand() -> None:
    folder = Path(pipeline.__file__).parent
    by_hand = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if "from html import escape" in path.read_text(encoding="utf-8")
    }
    assert by_hand == {"drawing/templates.py"}
