"""Grandstream UCM: an exchange made of Asterisk, with columns of its own."""
