"""Warnings that reach somebody: the rules asked again and again, and messages to those whom callfunnel.toml names."""
