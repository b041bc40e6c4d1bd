"""Edges: one source is one file. Sources parse; the sender puts frames on Kafka. Imports schemas only."""
