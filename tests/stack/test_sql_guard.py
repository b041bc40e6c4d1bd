"""What the store refuses before its engine sees it, however it is spelt."""

from __future__ import annotations

import pytest

from pipeline.embedded.sql_guard import RefusedQuery, guard

PASSWD = "('/etc/passwd', 'LineAsString')"


@pytest.mark.parametrize("reader", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(f"SELECT * FROM file{PASSWD}", id="plainly"),
        pytest.param(f"SELECT * FROM FILE {PASSWD}", id="in capitals, with a space"),
        pytest.param(f"SELECT * FROM `file`{PASSWD}", id="in backticks"),
        pytest.param(f'SELECT * FROM "file"{PASSWD}', id="in double quotes"),
        pytest.param(f"SELECT * FROM `fi\\x6ce`{PASSWD}", id="with an escape in backticks"),
        pytest.param(f"SELECT * FROM “file”{PASSWD}", id="in typographic quotes"),
        pytest.param(f"SELECT * FROM file/**/{PASSWD}", id="with a comment before the bracket"),
        pytest.param(f"SELECT * FROM file --\n{PASSWD}", id="with a line comment before the bracket"),
        pytest.param(f"SELECT * FROM file #!\n{PASSWD}", id="with a comment in MySQL's way"),
        pytest.param(f"SELECT * FROM file\u200b{PASSWD}", id="with a space of no width"),
        pytest.param(f"""SELECT 1 AS "'", * FROM file{PASSWD} AS "x'\"""", id="a quote in a quoted name hides it"),
        pytest.param(f"SELECT 1 AS `'`, * FROM file{PASSWD} AS `'`", id="a quote in backticks hides it"),
        pytest.param(f"SELECT $$'$$, * FROM file{PASSWD} AS `'`", id="a quote in a heredoc hides it"),
        pytest.param(f"SELECT '\\'', * FROM file{PASSWD} --'", id="an escaped quote hides it"),
        pytest.param(f"SELECT 1 -- '\n FROM file{PASSWD} -- '", id="a quote in a comment hides it"),
        pytest.param("SELECT `file`('/etc/passwd')", id="the function that reads a file"),
        pytest.param("SELECT * FROM url('http://127.0.0.1/', 'CSV')", id="the network"),
        pytest.param("SELECT * FROM s3Cluster('c', 'https://s3.test/x')", id="a bucket"),
        pytest.param("SELECT * FROM executable('id', 'CSV', 'a String')", id="a program"),
        pytest.param("SELECT aiGenerate('hello')", id="a model somewhere"),
        pytest.param("SELECT 1 INTO OUTFILE '/tmp/x'", id="into a file"),
        pytest.param("SELECT 1 INTO/**/OUTFILE '/tmp/x'", id="into a file, with a comment"),
        pytest.param("INSERT INTO t FROM INFILE '/tmp/x'", id="from a file"),
        pytest.param("INSERT INTO FUNCTION file('/tmp/x', 'CSV', 'a Int8') SELECT 1", id="a function to write to"),
        pytest.param("CREATE TABLE t (a Int8) ENGINE = URL('http://127.0.0.1/', CSV)", id="a table that is elsewhere"),
        pytest.param("SET max_memory_usage = 0", id="a setting that would stay"),
        pytest.param("USE system", id="a database that would stay"),
        pytest.param("CREATE TEMPORARY TABLE t (a Int8)", id="a table of a session"),
        pytest.param("SELECT 1; DROP TABLE managers", id="two statements"),
        pytest.param("SELECT 'open", id="an unclosed quote"),
    ],
)
def test_refused_to_everybody(sql: str, reader: bool) -> None:
    with pytest.raises(RefusedQuery):
        guard(sql, reader=reader)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO managers VALUES ('m1')",
        "DROP TABLE managers",
        "CREATE TABLE t (a Int8) ENGINE = Memory",
        "OPTIMIZE TABLE managers",
        "SYSTEM FLUSH LOGS",
        "KILL QUERY WHERE 1",
        "/* SELECT */ TRUNCATE TABLE managers",
        "(DROP TABLE managers)",
    ],
)
def test_a_reader_may_only_ask_and_the_writer_may_do_it(sql: str) -> None:
    guard(sql, reader=False)
    with pytest.raises(RefusedQuery) as refused:
        guard(sql, reader=True)
    assert refused.value.code == 164


@pytest.mark.parametrize(
    "sql",
    [
        "EXPLAIN SELECT 1",
        "explain pipeline SELECT 1",
        "/* why */ (EXPLAIN SELECT 1)",
        "SELECT * FROM (EXPLAIN PLAN SELECT 1)",
        "WITH plan AS (\nEXPLAIN SELECT 1) SELECT * FROM plan",
        "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
        "SELECT `printf`('%2147483600d', 1)",
        "SELECT printf ('%2147483600d', 1)",
        "SELECT multiMatchAny('a', ['a.*b'])",
        "SELECT multiFuzzyMatchAllIndices('a', 2, ['ab'])",
    ],
)
def test_what_would_end_the_process_is_not_served_to_readers(sql: str) -> None:
    with pytest.raises(RefusedQuery) as refused:
        guard(sql, reader=True)
    assert refused.value.code == 497
    assert "not served to readers: " in str(refused.value)


def test_a_reader_s_question_that_the_engine_would_refuse_is_not_looked_at() -> None:
    long = "SELECT " + "(" * 262_144
    with pytest.raises(RefusedQuery) as refused:
        guard(long, reader=True)
    assert refused.value.code == 62
    guard(long, reader=False)
    guard(long[:262_144], reader=True)


def test_writer_is_shown_everything_but_a_plan() -> None:
    for kind in ("AST", "SYNTAX", "QUERY TREE", "PIPELINE", "ESTIMATE"):
        guard(f"EXPLAIN {kind} SELECT 1", reader=False)
    for sql in ("EXPLAIN SELECT 1", "EXPLAIN PLAN SELECT 1", "EXPLAIN indexes = 1 SELECT 1", "(EXPLAIN (SELECT 1))"):
        with pytest.raises(RefusedQuery) as refused:
            guard(sql, reader=False)
        assert refused.value.code == 48
    guard("SELECT explain, plan AS explain FROM notes", reader=True)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT file, count() FROM imports GROUP BY file", id="a column called file"),
        pytest.param("SELECT count() FROM managers WHERE name = 'file(' -- url(", id="such words in text and comments"),
        pytest.param("SELECT 'ООО \"Ромашка\" (Москва)', 'it''s', '\\'(', '$#“'", id="every quote within text"),
        pytest.param("WITH urls AS (SELECT 1 AS `a``(`) SELECT * FROM urls", id="a name that begins like one"),
        pytest.param("select URLHash('x'), profile('x')", id="a function that begins or ends like one"),
        pytest.param("\n-- which\n(SELECT 1) UNION ALL (SELECT 2);\n", id="brackets first, a semicolon last"),
        pytest.param("DESCRIBE TABLE managers", id="describe"),
        pytest.param("SELECT {from:DateTime}, {v:Array(String)}", id="parameters"),
    ],
)
def test_served_to_readers(sql: str) -> None:
    guard(sql, reader=True)


def test_a_megabyte_of_keys_in_one_literal_is_looked_at_in_milliseconds() -> None:
    keys = ",".join(f'\\"call-{n}\\"' for n in range(60_000))
    guard(
        f"SELECT * FROM call_legs WHERE call_id IN (SELECT arrayJoin(JSONExtract('[{keys}]', 'Array(String)')))",
        reader=False,
    )
