"""The values that travel and are kept. A record's JSON is its Kafka line and its ClickHouse row.

Times are aware, UTC and whole milliseconds; in JSON they are ISO 8601 with `Z`. Unknown text is `""`, an unknown time
`None`. Every record has an identity and a `version`, its sender's clock in nanoseconds: the greater one holds (law 1).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

WIRE_VERSION = 1

# What a column can hold is what a line may say: a stranger's record must not stop the worker at the store.
# The rest is in `schemas.column_bounds`: parts of a millisecond or a cent are cut, what no row can hold is refused.
Moment = Annotated[
    datetime,
    msgspec.Meta(tz=True, description="With Z or an offset; kept in whole milliseconds. Of calls: 1970 to 2105."),
]
Sum = Annotated[Decimal, msgspec.Meta(description="From 0 to below 10^12; kept in whole cents.")]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
Version = Annotated[int, msgspec.Meta(ge=0, lt=2**63 - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Flag = Annotated[int, msgspec.Meta(ge=0, le=1)]


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="v", tag=WIRE_VERSION, omit_defaults=True):
    """Base of everything on the wire. `v` is the wire version; a reader refuses one that it does not know.

    A field that holds its default is not written: half of a leg is empty, and the columns have the same defaults.
    """


class Retractable(Record, frozen=True, kw_only=True):
    """A record that can be taken back: `schemas.provenance` says how."""

    retracted: Flag = 0  # 1: what `import_id` said of this identity is taken back
    cause: str = ""  # the import that has it sent again or taken back, when that is another one


class Direction(StrEnum):
    """Which way a call went, seen from the company."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Disposition(StrEnum):
    """What became of a leg. Only `ANSWERED` means that a person was bridged."""

    ANSWERED = "answered"
    MACHINE = "machine"  # IVR, voicemail, queue music, announcement: the channel was answered, nobody was
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class CallLeg(Retractable, frozen=True):
    """One CDR, CEL or webhook record of one channel. Identity: (source, record_id); call: (source, call_id).

    A leg's bridged interval with the external party is `[answered_at, answered_at + billsec)`, when its
    disposition is ANSWERED. `call_id` should sort by time where the exchange allows (an Asterisk linkedid does):
    look-ups are then neighbours on disk.
    """

    source: Name
    call_id: Name
    record_id: Name
    started_at: Moment
    ended_at: Moment
    direction: Direction
    disposition: Disposition
    version: Version
    answered_at: Moment | None = None
    billsec: Count = 0
    """Whole seconds from answer to end, as the exchange said it."""
    extension: str = ""
    """The person's end inside the exchange: who dialled (outbound), whose phone rang (inbound, internal). An extension,
    a user name or an agent, with `@` and its tenant where the exchange has several; the E.164 number of a mobile that
    took a call from outside in somebody's place (a forward, a queue's member).
    """
    peer_extension: str = ""
    """The other inside end of an internal leg, and of a transfer; whose phone sent the call on to a mobile."""
    contact: str = ""
    """The external party in E.164; "" when hidden or not a phone number."""
    contact_raw: str = ""
    """The external party as the exchange wrote it."""
    did: str = ""
    queue: str = ""
    application: str = ""
    """What the exchange was doing with the channel (Asterisk: lastapp)."""
    recording: str = ""
    import_id: str = ""
    origin: str = ""
    """Where it came from, for people: `file:line`, or the connector's words."""
    noted: Flag = 0
    """1: a CRM's note of a call that an exchange had, which counts where no exchange tells of the call itself."""


class ActivityKind(StrEnum):
    """Something that a manager did to an organisation."""

    CALL = "call"
    GENERAL = "general"
    INDIVIDUAL = "individual"


class Activity(Record, frozen=True):
    """A call or a proposal in its cell. Identity: (bucket, manager_id, activity_id).

    One `activity_id` stands in one cell at a time: when a correction moves it, the old cell gets the same identity
    with `retracted` = 1 and a later version.
    """

    activity_id: Name
    """`call:<source>:<call_id>` or `proposal:<proposal_id>`."""
    kind: ActivityKind
    bucket: Count
    """Start of the five minutes it belongs to, epoch seconds."""
    manager_id: str
    """"" when it is nobody's."""
    team: str
    at: Moment
    organisation_id: str
    """"" when the contact is not known to belong to an organisation."""
    stage: str
    """The organisation's stage as of `at`; "" when it had none yet."""
    version: Version
    contact: str = ""
    extension: str = ""
    source: str = ""
    direction: Direction = Direction.UNKNOWN
    disposition: Disposition = Disposition.UNKNOWN
    talk_s: Count = 0
    wait_s: Count = 0
    queue: str = ""
    did: str = ""
    recording: str = ""
    legs: Count = 0
    amount: Sum = Decimal(0)
    currency: str = ""
    revision: Count = 0
    withdrawn: Flag = 0
    retracted: Flag = 0
    cause: str = ""
    """The import (or connector session) that made it so; kept for the restatement ledger."""
    caused_at: Version = 0
    """When that import began, nanoseconds: what was counted before it is restated by it."""
    noted: Flag = 0
    """1: a CRM's note of a call."""
    copies_of: list[str] = []
    """Of a note that does not count (it is retracted): the calls that it may be of, by their activity_id, in order."""


class Manager(Retractable, frozen=True, kw_only=True):
    """A manager, a team and what is theirs for a period `[valid_from, valid_to)`. Identity: (manager_id, valid_from).

    An extension or a login may name its exchange, tenant or domain: `101@office`; the others are those of `source`, or
    of every exchange where `source` is empty.
    """

    manager_id: str
    name: str
    team: str = ""
    extensions: list[str]
    valid_from: Moment
    valid_to: Moment | None = None
    import_id: str = ""
    origin: str = ""
    version: Version
    mobiles: list[str] = []
    """Numbers outside that are the manager's own (forwards, follow-me, a queue's member), in E.164."""
    logins: list[str] = []
    """User names, agent ids and devices; upper and lower case are the same."""
    source: str = ""
    """The exchange (name of its source), tenant or domain of the extensions and logins; "" for all of them."""


class Organisation(Retractable, frozen=True, kw_only=True):
    """A customer or a potential one. Identity: organisation_id. `phones` are E.164."""

    organisation_id: Name
    name: str
    phones: list[str]
    manager_id: str = ""
    import_id: str = ""
    origin: str = ""
    version: Version
    merged_into: str = ""
    """The organisation that has its numbers by now; "" when it has them itself."""
    phones_since: list[Count] = []
    """Since when it has each of its `phones`, in their order: epoch seconds, 0 for ever. [] when all are for ever."""
    phones_until: list[Count] = []
    """The first moment at which it has them no more, in the same way; 0: it has them still."""


class StageChange(Retractable, frozen=True, kw_only=True):
    """An organisation entered a stage. Identity: (organisation_id, changed_at, stage)."""

    organisation_id: Name
    stage: str
    changed_at: Moment
    manager_id: str = ""
    import_id: str = ""
    origin: str = ""
    version: Version


class ProposalKind(StrEnum):
    """`general`: the standard letter; `individual`: made for this organisation, with a sum."""

    GENERAL = "general"
    INDIVIDUAL = "individual"


class ProposalStatus(StrEnum):
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class Proposal(Retractable, frozen=True, kw_only=True):
    """One revision of a proposal. Identity: (proposal_id, revision)."""

    proposal_id: Name
    revision: Count = 1
    organisation_id: Name
    manager_id: str
    kind: ProposalKind
    sent_at: Moment
    amount: Sum = Decimal(0)
    currency: str = ""
    status: ProposalStatus = ProposalStatus.SENT
    import_id: str = ""
    origin: str = ""
    version: Version


class Reason(StrEnum):
    """Why a row could not be understood. A closed list: a new reason comes with a fixture that earns it."""

    UNKNOWN_LAYOUT = "unknown_layout"
    UNREADABLE_TEXT = "unreadable_text"
    LINE_TOO_LONG = "line_too_long"
    WRONG_WIDTH = "wrong_width"
    TRUNCATED = "truncated"
    NUL_BYTE = "nul_byte"
    MISSING_FIELD = "missing_field"
    BAD_TIME = "bad_time"
    BAD_DURATION = "bad_duration"
    BAD_PHONE = "bad_phone"
    BAD_AMOUNT = "bad_amount"
    BAD_NUMBER = "bad_number"
    BAD_KIND = "bad_kind"
    BAD_STATUS = "bad_status"
    BAD_PERIOD = "bad_period"
    UNKNOWN_STAGE = "unknown_stage"
    UNKNOWN_ORGANISATION = "unknown_organisation"
    OVERLAPPING_EXTENSION = "overlapping_extension"
    FEED_GAP = "feed_gap"
    PAST_RETENTION = "past_retention"
    BAD_WIRE = "bad_wire"
    UNKNOWN_WIRE_VERSION = "unknown_wire_version"
    VERSION_IN_FUTURE = "version_in_future"


class Rejected(Record, frozen=True, kw_only=True):
    """A row that could not be understood, with its reason and place. Identity: rejected_id (from place and payload)."""

    rejected_id: Name
    source: str
    reason: Reason
    field: str = ""  # the column or record field at fault, "" when it is the row as a whole
    detail: str = ""
    """For people: what was found, and what would have been accepted."""
    payload: str
    """The row as it came; undecodable bytes as \\xNN; at most 64 KiB of it."""
    origin: str
    topic: str = ""
    """Set when the row was a record already: sending `payload` to this topic again is the replay."""
    at: Moment
    resolved: Flag = 0  # 1 once the same row was accepted later
    resolved_by: str = ""  # the import that holds the row mended, or spans the gap
    import_id: str = ""
    version: Version


class ManagerActivity(Record, frozen=True, kw_only=True):
    """What one manager did in one five-minute bucket. Identity: (bucket, manager_id).

    Counts add up over buckets; the lists are sets and are united, never added. Internal calls are not in it.
    """

    bucket: Count
    manager_id: str
    team: str
    calls: Count = 0
    attempts: Count = 0
    answered: Count = 0
    conversations: Count = 0
    talk_s: Count = 0
    calls_to_potential: Count = 0
    unknown_calls: Count = 0
    contacts: list[str] = []
    organisations: list[str] = []
    general_organisations: list[str] = []
    """Organisations that were sent a general proposal."""
    individual_proposals: Count = 0
    withdrawn_proposals: Count = 0
    currencies: list[str] = []
    amounts: list[Decimal] = []
    """Sums of individual proposals, one per entry of `currencies`."""
    first_counted_at: Version
    """When this cell was counted first, nanoseconds: later changes by later imports are restatements."""
    retracted: Flag = 0
    version: Version


class Restatement(Record, frozen=True, kw_only=True):
    """A number of an already reported day that changed. Identity: (bucket, manager_id, version)."""

    bucket: Count
    manager_id: str
    before: str
    """The cell before, as JSON of the changed numbers; "" when there was none."""
    after: str
    cause: str
    at: Moment
    version: Version


class Import(Record, frozen=True, kw_only=True):
    """One `load` of one file, or one session of a live connector. Identity: import_id."""

    import_id: Name
    source: Name
    kind: str
    file: str
    profile: str
    time_zone: str = ""
    started_at: Moment
    finished_at: Moment | None = None
    rows: Count = 0
    records: Count = 0
    rejected: Count = 0
    loaded_by: str = ""  # user@host; "" before it was kept
    file_at: Moment | None = None  # when the file was written
    peers: str = ""  # what its peers were taken for, and why: a JSON array for `callfunnel explain`
    state: str = "running"
    version: Version


class FeedState(StrEnum):
    """How a live door stands to its source."""

    CONNECTING = "connecting"
    LIVE = "live"
    AWAY = "away"  # the source does not answer; tried again
    STOPPED = "stopped"  # somebody asked it to
    FAILED = "failed"  # it gave up: `detail` says what to do


class Feed(Record, frozen=True, kw_only=True):
    """What a live door says of itself, every half a minute and whenever its state changes. Identity: (source, door).

    `seen_at` tells a dead feed from a quiet hour: it moves while the source answers, whether or not there are calls.
    """

    source: Name
    door: Name
    """sql, ami, folder:NAME, tcp ..."""
    session: str = ""
    """The import_id of what this run of the door sends."""
    state: FeedState
    detail: str = ""
    """For people: what it waits for, why it failed, or what is odd about its source."""
    started_at: Moment
    heartbeat_at: Moment
    seen_at: Moment | None = None
    """When the source itself was last known to be there: it answered a poll or a ping, or sent something."""
    last_event_at: Moment | None = None
    """When the last record or reject was received."""
    records: Count = 0
    """Of this session, acknowledged by Kafka; so are `rejects`."""
    rejects: Count = 0
    gaps: Count = 0
    """Times in this session when events may have been lost; each is a reject of its own (`feed_gap`)."""
    waiting: Count = 0
    """Records that were received and are not acknowledged by Kafka yet."""
    lag_ms: Count = 0
    """From receiving the last acknowledged record to its acknowledgement."""
    version: Version
