"""`callfunnel generate`, as a user calls it."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import cli
from pipeline.settings import read_settings

SMALL = ("--managers", "5", "--days", "30", "--pace", "8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["generate", *arguments])


def test_summary_says_what_is_hidden_and_how_to_load_it(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "there"), *SMALL)
    assert result.exit_code == 0, result.output
    assert "silent        m02" in result.output
    assert f"callfunnel load --kind stages {tmp_path}/there/stages.csv" in result.output
    order = [result.output.index(f"--kind {kind} ") for kind in ("managers", "organisations", "stages", "calls")]
    assert order == sorted(order)


def test_json_counts_what_was_written(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path), *SMALL, "--json")
    summary = json.loads(result.output)
    assert summary["legs"] == len((tmp_path / "Master.csv").read_text(encoding="utf-8").splitlines())
    assert ["calls", "Master.csv"] in summary["files"]
    assert {event["kind"] for event in summary["planted"]} >= {"silent", "leave", "dead_feed"}


def test_settings_beside_the_exports_are_settings_of_the_product(tmp_path: Path) -> None:
    assert run("--out", str(tmp_path), *SMALL, "--country", "de").exit_code == 0
    settings = read_settings({"CALLFUNNEL_CONFIG": str(tmp_path / "callfunnel.toml")})
    assert (settings.time_zone.key, settings.region, settings.source("pbx").time_zone) == (
        *("Europe/Berlin", "DE", "Europe/Berlin"),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--managers", "0"), "managers is 0; from 1 to 20000"),
        (("--days", "0"), "days is 0"),
        (("--dirt", "0.9"), "dirt is 0.9; from 0 to 0.5"),
        (("--files", "31", "--days", "30"), "files is 31; from 1 to 30"),
        (("--pace", "0"), "pace is 0"),
        (("--country", "XX"), "'XX' is not one of"),
        (("--format", "avaya"), "'avaya' is not one of"),
        (("--from", "tomorrow"), "'tomorrow' is not a date"),
        (("--plot", "picture.bmp", *SMALL), "a picture is an .svg, .html or .png"),
    ],
)
def test_wrong_option_is_named(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("--out", str(tmp_path / "there"), *arguments)
    assert result.exit_code != 0
    assert message in f"{result.output} {result.exception}"
    assert not (tmp_path / "there").exists()  # nothing is written for a wish that cannot be granted


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("--out", str(tmp_path / "file" / "there"), *SMALL)
    assert f"{tmp_path}/file/there" in f"{result.exception}"


def test_plot_is_an_svg_with_a_square_for_each_day_and_manager(tmp_path: Path) -> None:
    plot = tmp_path / "department.svg"
    assert run("--out", str(tmp_path / "there"), *SMALL, "--plot", str(plot)).exit_code == 0
    root = ET.parse(plot).getroot()
    rects = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    squares = [node for node in rects if node.get("height") == "17"]
    assert len(squares) == 5 * 30
    labels = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"silent", "dead feed", "New", "Customer", "Calls by the hour"} <= labels


def test_plot_page_stands_alone(tmp_path: Path) -> None:
    page = tmp_path / "department.html"
    assert run("--out", str(tmp_path / "there"), *SMALL, "--plot", str(page)).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<svg" in text
    assert "src=" not in text  # nothing is fetched
    assert "href=" not in text


@pytest.mark.skipif(shutil.which("rsvg-convert") is not None, reason="rsvg-convert is there: a PNG can be made")
def test_png_without_a_renderer_says_what_is_missing(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "there"), *SMALL, "--plot", str(tmp_path / "department.png"))
    assert "rsvg-convert" in f"{result.exception}"
