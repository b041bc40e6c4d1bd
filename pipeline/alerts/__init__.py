"""Warnings without Grafana: the rules of `schemas.alerts` asked now (`asking`), or of the past (`backtest`)."""
