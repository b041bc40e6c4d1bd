"""MTS VPBX: calls and people, pulled from its portal."""
