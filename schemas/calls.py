"""A call, as its legs tell it together: made by `pipeline.stitch`, and not sent."""

from __future__ import annotations

import msgspec

from schemas.records import Count, Direction, Disposition, Moment, Name


class Call(msgspec.Struct, frozen=True, gc=False):
    """What the legs of one call tell together, before anyone is named. Made by `pipeline.stitch`."""

    source: Name
    call_id: Name
    started_at: Moment
    ended_at: Moment
    direction: Direction
    disposition: Disposition
    contact: str
    contact_raw: str
    extension: str
    """Who talked longest with the external party; unanswered outbound: who dialled; unanswered inbound: nobody."""
    talk_s: Count
    """Length of the union of that person's bridged intervals."""
    wait_s: Count
    """From the start to the first person, or to the end."""
    did: str
    queue: str
    recording: str
    legs: Count
    forwarded_by: str = ""
    """Whose phone sent the call on to the mobile that `extension` is: theirs, where the roster does not know it."""

    @property
    def answered(self) -> bool:
        """A person of the called side was bridged."""
        return self.disposition is Disposition.ANSWERED
