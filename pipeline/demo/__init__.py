"""`callfunnel demo`: a synthetic department on a stack of its own, live or held against its truth."""
