"""The pipeline: pure core (stitch, enrich, count), agents, store, embedded stack and commands."""
