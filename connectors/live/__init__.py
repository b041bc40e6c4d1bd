"""What every live door shares: delivery into Kafka, checkpoints, back-off, heartbeats. Knows no source."""
