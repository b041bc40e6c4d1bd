"""What is shown, as values: panels, boards, the sections of the report, texts.

Drawn by `grafana` and by `pipeline.drawing`.
"""
