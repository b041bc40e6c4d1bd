"""A story as Asterisk records it: rows of a CDR, channel events, queue_log. The shapes are those of the driven exchange
(`tests/pipeline/driven/asterisk`): a transfer's row is answered when it is handed over, ringing included.
"""

from __future__ import annotations

from itertools import count

from department.exchange import ExchangeLeg
from schemas.records import Direction
from tests.connectors.asterisk.cel_rows import START_S, Event
from tests.pipeline.stories.story import MOBILES, End, Entry, How, Story, Talk

DID, QUEUE, ROOM = "74950000900", "600", "800"
_NAMES = {"101": "Anna", "102": "Boris", "103": "Vera", "104": "Gleb"}


class Channel:
    """A channel, whose events are written as they come. Times are seconds after START_S."""

    def __init__(self, tape: AsteriskTape, name: str, number: str, at: float, exten: str, linked: str = "") -> None:
        self._tape = tape
        self.name = name
        self.uniqueid = f"{START_S + int(at)}.{next(tape.numbers)}"
        self.linkedid = linked or self.uniqueid
        self.number = number
        self.tell("CHAN_START", at, exten=exten)

    def tell(self, event: str, at: float, **more: str) -> None:
        self._tape.events.append(
            Event(at, event, self.name, self.uniqueid, self.linkedid, **{"number": self.number, **more})
        )

    def answers(self, at: float, app: str = "AppDial") -> None:
        self.tell("ANSWER", at, app=app)

    def joins(self, bridge: str, since: float, until: float, technology: str = "simple_bridge") -> None:
        """In a bridge; of less than a second something is left."""
        extra = f'{{"bridge_id":"{bridge}","bridge_technology":"{technology}"}}'
        self.tell("BRIDGE_ENTER", since, extra=extra)
        self.tell("BRIDGE_EXIT", max(until, since + 0.4), extra=extra)

    def ends(self, at: float, status: str = "", cause: int = 16) -> None:
        extra = f'{{"hangupcause":{cause},"hangupsource":"","dialstatus":"{status}"}}'
        self.tell("HANGUP", at + 0.5, extra=extra)
        self.tell("CHAN_END", at + 0.5)


class AsteriskTape:
    """Records of calls, one after the other."""

    def __init__(self, *, has_names: bool = True) -> None:
        """`has_names`: members of the queue have names in its log."""
        self._has_names = has_names
        self.legs: list[ExchangeLeg] = []
        self.events: list[Event] = []
        self.queue_log: list[str] = []
        self.numbers = count()
        self._devices = count()
        self._bridges = count()
        self._pairs = count()
        self._at = 0

    def record(self, story: Story, at: int) -> None:
        """`at` is seconds after START_S."""
        self._at = at
        if story.way is Direction.INBOUND:
            self._arrives(story)
        else:
            self._dialled(story)

    def _channel(self, peer: str, number: str, at: float, exten: str, linked: str = "") -> Channel:
        return Channel(self, f"PJSIP/{peer}-{next(self._devices):08x}", number, self._at + at, exten, linked)

    def _row(
        self,
        of: Channel,
        dst: str,
        context: str,
        far: str,
        app: str,
        data: str,
        start: int,
        answer: int,
        end: int,
        disposition: str = "ANSWERED",
    ) -> None:
        """`answer` below 0: never."""
        base = START_S + self._at
        self.legs.append(
            ExchangeLeg(
                of.number,
                dst,
                context,
                f'"{_NAMES.get(of.number, "")}" <{of.number}>',
                of.name,
                far,
                app,
                data,
                base + start,
                base + answer if answer >= 0 else 0,
                base + end,
                disposition,
                of.uniqueid,
                of.linkedid,
                len(self.legs) + 1,
            )
        )

    def _dialled(self, story: Story) -> None:
        inside = story.way is Direction.INTERNAL
        called = next(one for one in ("101", "102") if one != story.called) if inside else "8" + story.contact[2:]
        desk = self._channel(story.called, story.called, 0, called)
        line = self._channel(called if inside else "provider", called, 0, "s", desk.linkedid)
        data = f"PJSIP/{called},12,tTr" if inside else f"PJSIP/{called}@provider,300,T"
        if not story.talks:
            busy = story.end is End.BUSY
            line.ends(self._at + story.over, cause=17 if busy else 16)
            desk.ends(self._at + story.over, "BUSY" if busy else "CANCEL")
            word = "BUSY" if busy else "NO ANSWER"
            self._row(desk, called, "from-internal", line.name, "Dial", data, 0, -1, story.over, word)
            return
        first = story.talks[0]
        self._bridge(desk, line, first)
        self._row(desk, called, "from-internal", line.name, "Dial", data, 0, first.since, first.until)
        self._hand_over(story, line, desk, called)

    def _bridge(self, near: Channel, far: Channel, talk: Talk, app: str = "AppDial") -> str:
        since, until = self._at + talk.since, self._at + talk.until
        bridge = f"b{next(self._bridges)}"
        far.answers(since, app)
        near.answers(since, "Dial")
        far.joins(bridge, since, until)
        near.joins(bridge, since, until)
        return bridge

    def _arrives(self, story: Story) -> None:
        caller = self._channel("provider", "8" + story.contact[2:], 0, DID)
        called, ring = story.called, story.menu_s
        begun = 0  # behind a menu too: its channel was answered, and the row goes on
        if story.entry is Entry.QUEUE:
            self._queued(story, caller)
            return
        if story.end is End.MENU and not story.talks:
            caller.answers(self._at, "BackGround")
            caller.ends(self._at + story.over)
            self._row(caller, "s", "ivr-1", "", "BackGround", "welcome", 0, 0, story.over)
            return
        if story.menu_s:
            caller.answers(self._at, "WaitExten")
        if story.entry is Entry.FORWARD:
            self._forwarded(story, caller)
            return
        dial = "&".join(f"PJSIP/{one}" for one in (called, *story.rang))
        phones = {one: self._channel(one, one, ring, "s", caller.linkedid) for one in (called, *story.rang)}
        until = story.talks[0].since if story.talks else story.over
        answer = 0 if story.menu_s else -1
        context = "ext-group" if story.rang else "from-did-direct"
        for one, phone in phones.items():
            if one != called or not story.talks or story.entry is Entry.PICKUP:
                busy = story.end is End.BUSY and not story.talks
                phone.ends(self._at + until, cause=17 if busy else 26)
                word = "BUSY" if busy else "NO ANSWER"
                picked = story.entry is Entry.PICKUP and story.talks != ()
                self._row(
                    caller,
                    called,
                    context,
                    phone.name,
                    "Dial",
                    dial,
                    begun,
                    until if picked else answer,
                    until,
                    "ANSWERED" if picked else word,
                )
        if not story.talks:
            self._not_taken(story, caller)
            return
        first = story.talks[0]
        if story.entry is Entry.PICKUP:
            phone = self._channel(first.who, first.who, first.since - 1, f"**{called}")
            phone.linkedid = caller.linkedid
        else:
            phone = phones[called]
        self._bridge(caller, phone, first)
        start = first.since if story.entry is Entry.PICKUP else begun
        self._row(
            caller, called, context, phone.name, "Dial", dial, start, 0 if story.menu_s else first.since, first.until
        )
        self._hand_over(story, caller, phone, called)

    def _not_taken(self, story: Story, caller: Channel) -> None:
        if story.end is End.VOICEMAIL:
            caller.answers(self._at + story.over, "VoiceMail")
            over = story.over + 20
            self._row(
                caller,
                story.called,
                "from-did-direct",
                "",
                "VoiceMail",
                f"{story.called}@default,u",
                story.over,
                story.over,
                over,
            )
            caller.ends(self._at + over, "NOANSWER")
        else:
            caller.ends(self._at + story.over, "BUSY" if story.end is End.BUSY else "CANCEL")

    def _pair(self, exten: str, context: str, caller: Channel, at: int) -> tuple[Channel, Channel]:
        name = f"Local/{exten}@{context}-{next(self._pairs):08x}"
        near, far = (Channel(self, f"{name};{half}", "", self._at + at, exten, caller.linkedid) for half in (1, 2))
        far.number = caller.number
        return near, far

    def _forwarded(self, story: Story, caller: Channel) -> None:
        mobile = "8" + MOBILES[story.called][2:]
        near, far = self._pair(mobile, "from-internal", caller, 0)
        line = self._channel("provider", mobile, 0, "s", caller.linkedid)
        since, until = (story.talks[0].since, story.talks[0].until) if story.talks else (-1, story.over)
        word = "ANSWERED" if story.talks else "NO ANSWER"
        to = f"Local/{mobile}@from-internal/n,40,tTr"
        self._row(caller, story.called, "from-did-direct", near.name, "Dial", to, 0, since, until, word)
        self._row(
            far, mobile, "from-internal", line.name, "Dial", f"PJSIP/{mobile}@provider,30,T", 0, since, until, word
        )
        if story.talks:
            self._bridge(far, line, story.talks[0])
            self._bridge(caller, near, story.talks[0])
        status = "ANSWER" if story.talks else "CANCEL"
        for one in (line, near, far, caller):
            one.ends(self._at + until, status if one in (far, caller) else "")

    def _queued(self, story: Story, caller: Channel) -> None:
        """Members as FreePBX has them: a Local pair each."""
        caller.answers(self._at, "Queue")
        self._log(caller, "NONE", "ENTERQUEUE", 0, "", caller.number, "1")
        until = story.talks[0].since if story.talks else story.over
        data = f"{QUEUE},tT,,,300"
        for one in (story.called, *story.rang):
            near, far = self._pair(one, "from-queue", caller, 0)
            phone = self._channel(one, one, 0, "s", caller.linkedid)
            if one == story.called and story.talks:
                first = story.talks[0]
                self._bridge(far, phone, first)
                whole = first._replace(until=story.over)
                self._bridge(caller, near, whole, "AppQueue")
                self._row(caller, QUEUE, "ext-queues", near.name, "Queue", data, 0, 0, story.over)
                self._row(
                    far, one, "from-queue", phone.name, "Dial", f"PJSIP/{one},15,tTr", 0, first.since, first.until
                )
                near.ends(self._at + story.over)
                self._hand_over(story, far, phone, one)
                caller.ends(self._at + story.over, "ANSWER")
                agent = _NAMES[one] if self._has_names else f"PJSIP/{one}"
                self._log(caller, agent, "CONNECT", first.since, str(first.since), near.uniqueid, str(first.since))
                # A queue of Local members misses that somebody else took over.
                talk = str(story.over - first.since)
                self._log(caller, agent, "COMPLETECALLER", story.over, str(first.since), talk, "1")
            else:
                phone.ends(self._at + until, cause=26)
                near.ends(self._at + until, cause=26)
                far.ends(self._at + until, "CANCEL", 26)
                self._row(caller, QUEUE, "ext-queues", near.name, "Queue", data, 0, 0, until, "NO ANSWER")
                self._row(far, one, "from-queue", phone.name, "Dial", f"PJSIP/{one},15,tTr", 0, -1, until, "NO ANSWER")
        if not story.talks:
            caller.ends(self._at + story.over)
            self._log(caller, "NONE", "ABANDON", story.over, "1", "1", str(story.over))

    def _log(self, caller: Channel, agent: str, event: str, at: int, *data: str) -> None:
        line = f"{START_S + self._at + at}|{caller.uniqueid}|{QUEUE}|{agent}|{event}|{'|'.join(data)}"
        self.queue_log.append(line)

    def _hand_over(self, story: Story, line: Channel, phone: Channel, dst: str) -> None:
        """What follows the first talk; then everybody hangs up. `line` is the end that stays."""
        before = story.talks[0]
        for talk in story.talks[1:]:
            if talk.how is How.ROOM:
                self._meet(line, phone, *story.talks[-2:])
                before = talk
                break
            handed = before.until
            if talk.how is How.BLIND:
                after = self._channel(talk.who, talk.who, handed, "s", line.linkedid)
                self._bridge(line, after, talk)
                self._row(
                    line,
                    talk.who,
                    "from-internal-xfer",
                    after.name,
                    "Dial",
                    f"PJSIP/{talk.who},12,tTr",
                    handed,
                    handed,
                    talk.until,
                )
            elif talk.how is How.PARKED:
                after = self._parked(line, phone, dst, handed, talk)
            else:
                after = self._asked(line, phone, dst, before, talk, story.consult_s)
            phone.ends(self._at + handed)
            before, phone = talk, after
        phone.ends(self._at + before.until)
        line.ends(self._at + before.until, "ANSWER")

    def _parked(self, line: Channel, phone: Channel, dst: str, handed: int, talk: Talk) -> Channel:
        bridge = f"b{next(self._bridges)}"
        line.joins("holding", self._at + handed, self._at + talk.since, "holding_bridge")
        after = self._channel(talk.who, talk.who, talk.since, "701")
        born = after.linkedid
        after.linkedid = line.linkedid
        for one in (line, after):
            one.joins(bridge, self._at + talk.since, self._at + talk.until)
        assert born != after.linkedid
        self._row(line, dst, "from-internal-xfer", "", "Park", "default:701", handed, handed, talk.since)
        self._row(
            line,
            dst,
            "from-internal-xfer",
            after.name,
            "Dial",
            f"PJSIP/{dst},12,tTr",
            talk.since,
            talk.since,
            talk.until,
        )
        self._row(after, "701", "from-internal", "", "ParkedCall", "default,701", talk.since, talk.since, talk.since)
        return after

    def _asked(self, line: Channel, phone: Channel, dst: str, before: Talk, talk: Talk, consult_s: int) -> Channel:
        """The phone calls the next person on a second line, and joins the two (REFER with Replaces)."""
        asked, handed = before.until - consult_s, before.until
        second = self._channel(before.who, before.who, asked, talk.who)
        after = self._channel(talk.who, talk.who, asked, "s", second.linkedid)
        bridge = f"b{next(self._bridges)}"
        answered = asked + 1
        after.answers(self._at + answered)
        second.answers(self._at + answered, "Dial")
        second.joins(bridge, self._at + answered, self._at + handed)
        self._row(
            second, talk.who, "from-internal", after.name, "Dial", f"PJSIP/{talk.who},12,tTr", asked, answered, handed
        )
        second.ends(self._at + handed, "ANSWER")
        extra = f'{{"bridge_id":"{bridge}","bridge_technology":"simple_bridge"}}'
        after.tell("BRIDGE_ENTER", self._at + answered, extra=extra)
        after.linkedid = line.linkedid
        after.tell("BRIDGE_EXIT", self._at + talk.until, extra=extra)
        line.joins(bridge, self._at + handed, self._at + talk.until)
        self._row(
            line,
            dst,
            "from-internal-xfer",
            after.name,
            "Dial",
            f"PJSIP/{before.who},12,tTr",
            handed,
            handed,
            talk.until,
        )
        return after

    def _meet(self, line: Channel, phone: Channel, stay: Talk, visit: Talk) -> None:
        """The line and the phone go into a room, where somebody dials in and leaves before them: told by events."""
        room = f"room{next(self._bridges)}"
        for one in (line, phone):
            one.joins(room, self._at + stay.since, self._at + stay.until, "softmix")
        guest = self._channel(visit.who, visit.who, visit.since, ROOM)
        guest.answers(self._at + visit.since, "Answer")
        guest.joins(room, self._at + visit.since, self._at + visit.until, "softmix")
        guest.ends(self._at + visit.until)
