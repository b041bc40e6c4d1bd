"""Cisco CUCM: the CDR files that it pushes."""
