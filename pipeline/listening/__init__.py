"""The life of a listener: its options, its journal, and its end once what it acknowledged is stored."""
