"""The contract: records, wire codec, topics, tables, metrics, stages. Imports nothing of ours.

Everything else in callfunnel points here, and a change here is a change for every part.
"""
