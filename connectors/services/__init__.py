"""Cloud telephony whose call records are tables with names of an API: one service, one file."""
