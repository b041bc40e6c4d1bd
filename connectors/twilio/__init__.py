"""Twilio: the call log, and status callbacks."""
