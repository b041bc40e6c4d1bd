"""Bitrix24: call statistics, and the webhook of finished calls."""
