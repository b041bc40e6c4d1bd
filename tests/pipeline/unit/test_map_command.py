"""`callfunnel map` as a person uses it: look, correct, write, load."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.load import command as load
from pipeline.cli.map import command as map_
from pipeline.settings import read_settings
from schemas.errors import Terminal

FILES = Path(__file__).parents[2] / "connectors" / "mapped" / "files"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with settings that a person wrote."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callfunnel.toml").write_text('# ours\ntime_zone = "Europe/Moscow"\n', encoding="utf-8")
    return tmp_path


def run(*words: str) -> Result:
    """The command; trouble goes through."""
    result = CliRunner().invoke(map_, words)
    if isinstance(result.exception, Terminal):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_first_rows_are_shown_as_they_would_be_read_and_nothing_is_written_unasked(folder: Path) -> None:
    said = run(str(FILES / "calls_ru.csv")).output
    assert "start            Дата + Время" in said
    assert '"direction":"outbound","disposition":"answered"' in said
    assert "rejected calls_ru.csv:4: bad_phone" in said
    assert "shown as if its times were in Europe/Moscow" in said
    assert "nothing written: --yes writes it" in said
    assert (folder / "callfunnel.toml").read_text(encoding="utf-8") == '# ours\ntime_zone = "Europe/Moscow"\n'


def test_zone_that_the_source_has_is_not_asked_for(folder: Path) -> None:
    with (folder / "callfunnel.toml").open("a", encoding="utf-8") as settings:
        settings.write('[sources.office]\ntime_zone = "Asia/Omsk"\n')
    assert "shown as if" in run(str(FILES / "calls_ru.csv"), "--source", "branch").output
    said = run(str(FILES / "calls_ru.csv"), "--source", "office").output
    assert "times without an offset are read in Asia/Omsk" in said
    assert "shown as if" not in said


def test_written_mapping_is_what_load_reads_by() -> None:
    run(str(FILES / "amo_deals.csv"), "--kind", "stages", "--name", "deals", "--yes")
    told = CliRunner().invoke(load, ["--explain", str(FILES / "amo_deals.csv")]).output
    assert "stages by the mapping deals" in told
    assert '"organisation_id":"ООО Ромашка","stage":"active"' in told


def test_meaning_that_a_person_wrote_is_kept_when_the_file_is_mapped_again(folder: Path) -> None:
    words = (str(FILES / "amo_deals.csv"), "--kind", "stages", "--name", "deals", "--yes")
    run(*words)
    path = folder / "callfunnel.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('# values.stage."Ждём оплату" = ""', 'values.stage."Ждём оплату" = "shipment"'), "utf-8"
    )
    said = run(*words).output
    assert "it replaces mappings.deals" in said
    assert read_settings().mappings["deals"].values["stage"]["Ждём оплату"] == "shipment"


def test_column_and_constant_that_a_person_names_win() -> None:
    run(
        *(str(FILES / "bitrix_deals.csv"), "--kind", "proposals", "--name", "offers", "--yes"),
        *("--column", "proposal_id=название  СДЕЛКИ", "--constant", "kind=general"),
    )
    said = read_settings().mappings["offers"]
    assert said.columns["proposal_id"] == "Название сделки"
    assert said.constants == {"kind": "general"}


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        (("amo_deals.csv",), "it may be organisations or stages or proposals: say which with --kind"),
        (("managers.csv", "--kind", "calls"), "calls need start, contact or from, .*: say --column 'start="),
        (("managers.csv", "--column", "id"), "as OURS=THEIRS"),
        (("managers.csv", "--column", "id=Nobody"), "names a header that is not there: ФИО, Отдел"),
        (("managers.csv", "--column", "salary=ФИО"), "managers have no column salary"),
        (("managers.csv", "--name", "a b"), "letters, digits"),
        (("none.csv",), "No such file"),
    ],
)
def test_what_cannot_be_mapped_is_said(words: tuple[str, ...], trouble: str) -> None:
    with pytest.raises(Terminal, match=trouble):
        run(str(FILES / words[0]), *words[1:])


def test_settings_that_cannot_be_written_are_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.replace", _refuse)
    with pytest.raises(Terminal, match="the mapping is not written"):
        run(str(FILES / "managers.csv"), "--yes")
    assert (folder / "callfunnel.toml").read_text(encoding="utf-8") == '# ours\ntime_zone = "Europe/Moscow"\n'
    assert list(folder.iterdir()) == [folder / "callfunnel.toml"]


def _refuse(*_: object) -> None:
    raise PermissionError(13, "Permission denied")
