"""What every live listener shares: delivery into Kafka, checkpoints, back-off, heartbeats. Knows no source."""
