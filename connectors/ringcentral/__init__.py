"""RingCentral: the call log."""
