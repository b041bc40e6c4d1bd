"""A folder into which exports are dropped: when a file is whole, and where it goes afterwards. Knows no format."""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen folder",
    reads="every file that `load` reads",
    fixtures="`connectors/folder`, `stack/test_listen_folder.py`",
    counterpart=("half-written files, a kill between two files, 10,000 files; a whole department, against its truth"),
    unconfirmed="network shares (NFS, SMB)",
)
