"""MegaFon VATS and the other brands of MegaPBX: history, and the webhook of finished calls."""
