"""Mango Office VPBX: statistics, and the webhook of finished calls."""
