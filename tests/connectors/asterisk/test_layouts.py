"""Layouts of Asterisk's call records: what is taken for which."""

from __future__ import annotations

from connectors.asterisk.layouts import by_header


def test_report_whose_date_heading_is_damaged_is_not_taken_for_one() -> None:
    """It was, and then ended in an error of ours: a heading `\\0Date` (found by random damage)."""
    header = ["\0Date", "Source", "Destination", "Src. Channel", "Dst. Channel", "Status", "Duration", "UniqueID"]
    assert by_header(header) is None
    assert by_header(["Date", *header[1:]]) is not None
