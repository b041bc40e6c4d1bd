"""A story as FreeSWITCH (mod_cdr_csv, mod_json_cdr) and Cisco CUCM record it. `at` is the start in epoch seconds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.records import Direction
from tests.pipeline.stories.story import MOBILES, End, Entry, How, Story

_MOSCOW = ZoneInfo("Europe/Moscow")
_DID = "74950000900"
_OF_END = {End.BUSY: "USER_BUSY", End.NO_ANSWER: "ORIGINATOR_CANCEL", End.MENU: "NORMAL_CLEARING"}


def _dialled(story: Story) -> tuple[str, str]:
    """(who calls, what they dial), as written."""
    number = "8" + story.contact[2:]
    if story.way is Direction.INBOUND:
        return number, _DID
    if story.way is Direction.OUTBOUND:
        return story.called, number
    return story.called, "102" if story.called != "102" else "101"


class FreeSwitch:
    """Both legs of each call. A caller's leg goes on through a transfer; each phone has one of its own."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def _uuid(self) -> str:
        return str(UUID(int=0x6F1C3B1E00004000800000000000 << 16 | next(self._numbers), version=4))

    def _object(
        self,
        uuid: str,
        way: str,
        at: int,
        start: int,
        answer: int,
        end: int,
        caller: str,
        *profiles: dict[str, Any],
        **more: str,
    ) -> dict[str, Any]:
        """`answer` below 0: never."""
        up = answer >= 0
        variables = {
            "uuid": uuid,
            "direction": way,
            "start_epoch": str(at + start),
            "answer_epoch": str(at + answer) if up else "0",
            "end_epoch": str(at + end),
            "duration": str(end - start),
            "billsec": str(end - answer) if up else "0",
            "hangup_cause": "NORMAL_CLEARING",
            **more,
        }
        flow = [{"caller_profile": {"caller_id_number": caller, "uuid": uuid, **one}} for one in profiles]
        return {"variables": variables, "callflow": flow}

    def objects(self, story: Story, at: int) -> Iterator[dict[str, Any]]:
        if story.way is Direction.INBOUND:
            yield from self._arrives(story, at)
            return
        near, line = self._uuid(), self._uuid()
        caller, dialled = _dialled(story)
        answer, end = (story.talks[0].since, story.talks[0].until) if story.talks else (-1, story.over)
        up = {"bridge_uuid": line} if story.talks else {"hangup_cause": _OF_END[story.end]}
        of_line = {"sip_gateway_name": "provider"} if story.way is Direction.OUTBOUND else {"dialed_user": dialled}
        by = {"originator_caller_profiles": [{"caller_id_number": caller, "destination_number": dialled}]}
        yield self._object(
            line,
            "outbound",
            at,
            0,
            answer,
            end,
            caller,
            {"destination_number": dialled, "originator": by},
            originator=near,
            **of_line,
            **({} if story.talks else up),
        )
        to = {"originatee_caller_profiles": [{"caller_id_number": caller, "destination_number": dialled}]}
        yield self._object(
            near,
            "inbound",
            at,
            0,
            answer,
            end,
            caller,
            {"destination_number": dialled, "context": "default", "originatee": to},
            user_name=caller,
            last_app="bridge",
            **up,
        )

    def _arrives(self, story: Story, at: int) -> Iterator[dict[str, Any]]:
        caller, did = _dialled(story)
        near, phones = self._uuid(), {}
        by = {"originator_caller_profiles": [{"caller_id_number": caller, "destination_number": did, "uuid": near}]}
        rings = story.menu_s
        first = story.talks[0].since if story.talks else story.over
        if story.end is not End.MENU or story.talks:
            for one in story.rang if story.talks else (story.called, *story.rang):
                yield self._object(
                    self._uuid(),
                    "outbound",
                    at,
                    rings,
                    -1,
                    first,
                    caller,
                    {"destination_number": one, "originator": by},
                    originator=near,
                    dialed_user=one,
                    hangup_cause="LOSE_RACE" if story.talks else _OF_END.get(story.end, "NO_ANSWER"),
                )
        for talk in story.talks:
            uuid = phones[talk.who] = self._uuid()
            to = MOBILES[talk.who][1:] if story.entry is Entry.FORWARD else talk.who
            of = {"sip_gateway_name": "provider"} if story.entry is Entry.FORWARD else {"dialed_user": to}
            begun = rings if talk is story.talks[0] else story.talks[story.talks.index(talk) - 1].until
            yield self._object(
                uuid,
                "outbound",
                at,
                begun,
                talk.since,
                talk.until,
                caller,
                {"destination_number": to, "originator": by},
                originator=near,
                bridge_uuid=near,
                **of,
            )
        answer, more = -1, {"hangup_cause": _OF_END.get(story.end, "NORMAL_CLEARING")}
        end, dialled = story.over, did
        if story.talks:
            dialled = story.called
            answer, more = story.talks[0].since, {"bridge_uuid": uuid, "last_app": "bridge"}
        elif story.end is End.VOICEMAIL:
            answer, end, more = story.over, story.over + 20, {"last_app": "voicemail"}
        if story.menu_s or (story.end is End.MENU and not story.talks):
            answer = 0
            more.setdefault("last_app", "ivr")
        profile: dict[str, Any] = {"destination_number": dialled, "context": "public"}
        if story.talks:
            last = {"caller_id_number": caller, "destination_number": to}
            profile["originatee"] = {"originatee_caller_profiles": [last]}
        first_profile = {"destination_number": did, "context": "public"}
        yield self._object(near, "inbound", at, 0, answer, end, caller, profile, first_profile, **more)

    def lines(self, story: Story, at: int) -> Iterator[str]:
        """Rows of the template `example`, the A leg alone as it is shipped, of a call with one talk."""
        for one in self.objects(story, at):
            if one["variables"]["direction"] == "outbound":
                continue
            variables, profile = one["variables"], one["callflow"][0]["caller_profile"]
            caller = profile["caller_id_number"]
            up = variables["answer_epoch"] != "0"
            cells = [
                *(caller, caller, profile["destination_number"], profile.get("context", "default")),
                _wall(int(variables["start_epoch"])),
                _wall(int(variables["answer_epoch"])) if up else "",
                *(_wall(int(variables["end_epoch"])), variables["duration"], variables["billsec"]),
                *(variables["hangup_cause"], variables["uuid"], variables.get("bridge_uuid", "")),
                *("", "PCMA", "PCMA"),
            ]
            yield ",".join(f'"{cell}"' for cell in cells) + "\n"


_OF_FUSIONPBX = {
    "uuid": "xml_cdr_uuid",
    "originator": "originating_leg_uuid",
    **{name: name for name in ("start_epoch", "answer_epoch", "end_epoch", "duration", "billsec", "hangup_cause")},
    **{name: name for name in ("last_app", "bridge_uuid")},
}


def fusionpbx(told: Sequence[tuple[Story, int]]) -> list[dict[str, str]]:
    """Rows of `v_xml_cdr`: FusionPBX imports what mod_xml_cdr writes of both legs."""
    switch, rows = FreeSwitch(), []
    for story, at in told:
        for one in switch.objects(story, at):
            variables, profile = one["variables"], one["callflow"][0]["caller_profile"]
            is_b = variables["direction"] == "outbound"
            way = {Direction.INBOUND: "inbound", Direction.OUTBOUND: "outbound"}.get(story.way, "local")
            row = {name: variables[key] for key, name in _OF_FUSIONPBX.items() if key in variables}
            row |= {"direction": "local" if is_b and way == "inbound" else way, "leg": "b" if is_b else "a"}
            row |= {
                "caller_id_number": profile["caller_id_number"],
                "destination_number": profile["destination_number"],
            }
            row |= {"caller_destination": _DID if way == "inbound" and not is_b else ""}
            rows.append(row)
    return rows


def _wall(at: int) -> str:
    return datetime.fromtimestamp(at, _MOSCOW).strftime("%Y-%m-%d %H:%M:%S")


def json_lines(told: Sequence[tuple[Story, int]]) -> str:
    switch = FreeSwitch()
    return "".join(json.dumps(one) + "\n" for story, at in told for one in switch.objects(story, at))


def cdr_csv(told: Sequence[tuple[Story, int]]) -> str:
    switch = FreeSwitch()
    return "".join(line for story, at in told for line in switch.lines(story, at))


_CUCM = (Path(__file__).parents[1] / "cases/who/23_cucm.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")


def cucm(told: Sequence[tuple[Story, int]]) -> str:
    """Rows under the header of version 14. A transfer ends a row with cause 393216, and goes on in another one."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_CUCM)
    numbers = count(1)
    for call, (story, at) in enumerate(told, 1):
        for cells in _rows_of_cucm(story, at):
            row = {name: "0" if name.endswith(("Id", "value")) else "" for name in _CUCM}
            row |= {"cdrRecordType": "1", "globalCallID_callManagerId": "2", "globalCallID_callId": str(call)}
            row |= {"globalCallId_ClusterID": "office", "pkid": f"p{next(numbers)}", **cells}
            rows.writerow(row[name] for name in _CUCM)
    return out.getvalue()


def _rows_of_cucm(story: Story, at: int) -> Iterator[dict[str, str]]:
    caller, dialled = _dialled(story)
    line, outward = "MSK-GW", story.way is Direction.OUTBOUND

    def row(person: str, since: int, connect: int, until: int, cause: str = "16", **more: str) -> dict[str, str]:
        """Between the line and a phone, whichever way."""
        device = {"origDeviceName": line, "destDeviceName": f"SEP{person}"}
        numbers = {"callingPartyNumber": caller, "originalCalledPartyNumber": person, "finalCalledPartyNumber": person}
        if outward:
            device = {"origDeviceName": f"SEP{person}", "destDeviceName": line}
            numbers = {"callingPartyNumber": person, "originalCalledPartyNumber": dialled}
            numbers |= {"finalCalledPartyNumber": dialled}
        return {
            "dateTimeOrigination": str(at + since),
            "dateTimeConnect": str(at + connect) if connect >= 0 else "0",
            "dateTimeDisconnect": str(at + until),
            "duration": str(until - connect) if connect >= 0 else "0",
            "origCause_value": "0",
            "destCause_value": cause,
            **numbers,
            **device,
            **more,
        }

    if story.way is Direction.INTERNAL:
        ends = {"callingPartyNumber": caller, "origDeviceName": f"SEP{caller}"}
        connect, until = (story.talks[0].since, story.talks[0].until) if story.talks else (-1, story.over)
        yield row(dialled, 0, connect, until, **ends)
        return
    if not story.talks:
        if story.end is End.VOICEMAIL:
            yield row(
                story.called,
                0,
                story.over,
                story.over + 20,
                destDeviceName="CUC-Trunk",
                finalCalledPartyNumber="5000",
                lastRedirectDn=story.called,
            )
        else:
            cause = "17" if story.end is End.BUSY else "0"
            orig = {"origCause_value": "0" if story.end is End.BUSY else "16"}
            yield row(story.called, 0, -1, story.over, cause, **orig)
        return
    if story.entry is Entry.FORWARD:
        (talk,) = story.talks
        to = {"destDeviceName": line, "finalCalledPartyNumber": "8" + MOBILES[talk.who][2:], "lastRedirectDn": talk.who}
        yield row(talk.who, 0, talk.since, talk.until, **to)
        return
    begun = 0
    for number, talk in enumerate(story.talks):
        is_last = number == len(story.talks) - 1
        if talk.how is How.ATTENDED:
            before = story.talks[number - 1]
            asked = {"callingPartyNumber": before.who, "origDeviceName": f"SEP{before.who}"}
            asked |= {"destDeviceName": f"SEP{talk.who}", "originalCalledPartyNumber": talk.who}
            asked |= {"finalCalledPartyNumber": talk.who, "globalCallID_callId": f"9{at}"}
            since = talk.since - story.consult_s
            yield row(talk.who, since, since + 1, talk.since, "393216", **asked)
        yield row(talk.who, begun, talk.since, talk.until, "16" if is_last else "393216")
        begun = talk.until
