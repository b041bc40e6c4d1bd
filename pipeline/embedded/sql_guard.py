"""Which SQL the store serves: nothing that leaves the database, outlives its request or ends the process; of a reader,
only questions.

The engine's `readonly` closes most ways out, but not the function file(), INTO OUTFILE and KILL QUERY. SQL is looked at
token by token, because a text search is blind to `file` in quotes, file/**/(...) and quotes within quotes. Where
ClickHouse reads something in a way of its own (heredocs, typographic quotes, comments with #), it is not served.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<skip>[\s\x00-\x1f]+|--[^\n]*|/\*.*?\*/|[^\x00-\x7f‘’“”]+)
       |(?P<text>'[^'\\]*+(?:\\.[^'\\]*+)*+')
       |(?P<name>[A-Za-z0-9_]+)
       |(?P<quoted>`[^`\\]*+(?:\\.[^`\\]*+)*+`|"[^"\\]*+(?:\\.[^"\\]*+)*+")
       |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NOT_SERVED = frozenset("'`\"#$‘’“”")
"""Unclosed quotes, and what ClickHouse reads in a way of its own."""

_WAYS_OUT = re.compile(
    r"file(cluster|system)?|url(cluster)?|s3\w*|gcs|oss|cosn|python|eval|executable\w*|mysql|postgresql|sqlite|mongodb"
    r"|redis|remote\w*|cluster\w*|hdfs\w*|jdbc|odbc|azure\w*|iceberg\w*|deltalake\w*|hudi\w*|paimon\w*|ytsaurus|bigquery"
    r"|arrow\w+|prometheusquery\w*|kafka|rabbitmq|nats|ai(classify|embed|extract|filter|generate|redact|similarity|translate)"
)
"""Functions, table functions and table engines, in lower case, that reach files, processes or the network."""
_QUESTIONS = frozenset({"select", "with", "show", "describe", "desc", "exists"})
_EXPLAINED = frozenset({"ast", "syntax", "query", "pipeline", "estimate"})
"""What EXPLAIN may show the writer. The plan of a large query grows beyond every limit, and ends the process."""
_LONGEST = 262_144
"""Characters of a reader's question: the engine refuses as many bytes, but only after they were looked at here."""
_BEGINS = ("", "(")
"""What stands before a statement."""
_BEYOND_LIMITS = {
    "printf": "a width of 2^31 takes 4 GB, which no limit counts: use format()",
    "viewexplain": "the plan of a large query ends the store",
    **dict.fromkeys(
        (f"multi{how}{what}" for how in ("match", "fuzzymatch") for what in ("any", "anyindex", "allindices")),
        "many patterns take minutes to prepare, which no limit ends: use match()",
    ),
}
"""Functions that are not served to readers, and why."""


class RefusedQuery(Exception):
    """What is not served. `code` is ClickHouse's."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {message}. ({name})")
        self.code = code


def guard(sql: str, *, reader: bool) -> None:
    """Raise Refused for SQL that is not served."""
    if reader and len(sql) > _LONGEST:
        raise RefusedQuery(62, "SYNTAX_ERROR", f"a reader's question may have {_LONGEST} characters at most")
    first = earlier = before = ""
    ended = False
    for token in _TOKEN.finditer(sql):
        kind, value = token.lastgroup, token.group()
        if kind == "skip":
            continue
        if ended:
            raise RefusedQuery(62, "SYNTAX_ERROR", "one statement at a time")
        if kind == "other":
            if value in _NOT_SERVED:
                raise RefusedQuery(62, "SYNTAX_ERROR", f"{value!r} is not closed, or not understood by this store")
            if value == "(":
                _check_call(before, reader=reader)
            ended = value == ";"
        word = value.lower()
        _check_explain(earlier, before, word, reader=reader)
        if (before, word) in (("into", "outfile"), ("from", "infile")):
            raise _way_out()
        first = first or (word if value != "(" else "")
        _check_statement(first, before, word, reader=reader)
        earlier, before = before, word


def _check_call(name: str, *, reader: bool) -> None:
    """Of what stands before a bracket."""
    if name[:1] in ("`", '"'):
        if "\\" in name:
            raise RefusedQuery(62, "SYNTAX_ERROR", f"{name}: write the name of a function without escapes")
        name = name[1:-1]
    if _WAYS_OUT.fullmatch(name):
        raise _way_out()
    if reader and name in _BEYOND_LIMITS:
        raise RefusedQuery(497, "ACCESS_DENIED", f"{name} is not served to readers: {_BEYOND_LIMITS[name]}")


def _check_explain(earlier: str, before: str, word: str, *, reader: bool) -> None:
    """Of EXPLAIN where a statement begins, and of the word after it."""
    if reader and word == "explain" and before in _BEGINS:
        raise RefusedQuery(
            497, "ACCESS_DENIED", "EXPLAIN is not served to readers: that of a large query ends the store"
        )
    if before == "explain" and earlier in _BEGINS and word not in _EXPLAINED:
        raise RefusedQuery(
            48, "NOT_IMPLEMENTED", "the plan of a large query ends the store: ask for EXPLAIN PIPELINE, SYNTAX or AST"
        )


def _check_statement(first: str, before: str, word: str, *, reader: bool) -> None:
    if first in ("set", "use") or (before == "create" and word == "temporary"):
        raise RefusedQuery(48, "NOT_IMPLEMENTED", "this store keeps no sessions: give settings with the query")
    if first in ("backup", "restore"):
        raise _way_out()
    if reader and first and first not in _QUESTIONS:
        raise RefusedQuery(164, "READONLY", "a reader may only ask")


def _way_out() -> RefusedQuery:
    return RefusedQuery(497, "ACCESS_DENIED", "this store does not read or write outside of itself")
