"""Connecting an account of a vendor: what it has, what is proposed, what is written into callfunnel.toml."""
