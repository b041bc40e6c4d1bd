"""Personal data: numbers that are forgotten, what is kept for how long."""
