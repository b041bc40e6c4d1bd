"""Kommo (amoCRM): leads that moved to another stage, by webhook."""
