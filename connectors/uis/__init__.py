"""UIS, CoMagic, Novofon, CallGear: the calls report, and notifications."""
