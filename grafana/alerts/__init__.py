"""Alert rules as code: what `schemas.alerts` warns of, as Grafana evaluates and tells it."""
