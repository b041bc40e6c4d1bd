"""The board page's server: who may see it, what it remembers, and what it never does."""
