"""Panels and rows for people: HTML, figures, workbooks, letters, terminals. Asks nobody: what is drawn is given."""
