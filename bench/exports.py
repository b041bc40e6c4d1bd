"""Look-alike files of exchanges for the figures of `bench.parse`: a row for each call, in and out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

FIRST = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
PHONES = 40_000
"""How many outside numbers are called."""


class Made(NamedTuple):
    """A call as the generator made it; `answer` is its end when nobody answered."""

    number: int
    start: datetime
    answer: datetime
    end: datetime
    desk: int
    outside: str
    is_out: bool
    uuid: str

    @property
    def duration_s(self) -> int:
        return int((self.end - self.start).total_seconds())

    @property
    def talk_s(self) -> int:
        return int((self.end - self.answer).total_seconds())


def made(rows: int, seed: int = 7) -> Iterator[Made]:
    """A call every four seconds, three of four answered."""
    rnd = random.Random(seed)
    for number in range(rows):
        start = FIRST + timedelta(seconds=number * 4)
        answer = start + timedelta(seconds=rnd.randrange(3, 25))
        end = answer + timedelta(seconds=rnd.choice((0, 8, 45, 90, 240)))
        uuid = str(UUID(int=rnd.getrandbits(128), version=4))
        outside = f"7495{rnd.randrange(PHONES):07d}"
        yield Made(number, start, answer, end, 101 + rnd.randrange(40), outside, number % 3 != 0, uuid)


def write_freeswitch_csv(path: Path, rows: int) -> None:
    """mod_cdr_csv by its usual template."""
    with path.open("w", encoding="utf-8") as file:
        for call in made(rows):
            ends = f'"{call.desk}","{call.outside}"' if call.is_out else f'"{call.outside}","{call.desk}"'
            stamps = ",".join(f'"{at:%Y-%m-%d %H:%M:%S}"' for at in (call.start, call.answer, call.end))
            bleg = UUID(int=call.number) if call.talk_s else ""
            file.write(
                f'"Anna",{ends},"default",{stamps},"{call.duration_s}","{call.talk_s}","NORMAL_CLEARING",'
                f'"{call.uuid}","{bleg}","{call.desk}","PCMA","PCMA"\n'
            )


def write_freeswitch_json(path: Path, rows: int) -> None:
    """mod_json_cdr, an object a line, with as many variables as an exchange writes (4 KB)."""
    more = {f"rtp_audio_in_{number}": f"value of it {number}" for number in range(80)}
    with path.open("w", encoding="utf-8") as file:
        for call in made(rows):
            caller, dialled = (f"{call.desk}", call.outside) if call.is_out else (call.outside, f"{call.desk}")
            start, answer, end = (int(at.timestamp()) for at in (call.start, call.answer, call.end))
            variables = {
                "direction": "inbound",
                "uuid": call.uuid,
                "user_name": caller if call.is_out else "",
                **more,
                "start_epoch": f"{start}",
                "answer_epoch": f"{answer}",
                "end_epoch": f"{end}",
                "duration": f"{call.duration_s}",
                "billsec": f"{call.talk_s}",
                "hangup_cause": "NORMAL_CLEARING",
                "bridge_uuid": f"{UUID(int=call.number)}" if call.talk_s else "",
                "last_app": "bridge",
            }
            profile = {"caller_id_number": caller, "destination_number": dialled, "context": "default"}
            file.write(json.dumps({"variables": variables, "callflow": [{"caller_profile": profile}]}) + "\n")


def write_cucm(path: Path, rows: int) -> None:
    """A CDR file of 129 columns, two of three in quotes as CUCM writes them."""
    named = {
        "cdrRecordType": 0, "globalCallID_callManagerId": 1, "globalCallID_callId": 2, "dateTimeOrigination": 4,
        "callingPartyNumber": 8, "origCause_value": 11, "originalCalledPartyNumber": 29, "finalCalledPartyNumber": 30,
        "destCause_value": 33, "dateTimeConnect": 47, "dateTimeDisconnect": 48, "pkid": 50, "duration": 55,
        "origDeviceName": 56, "destDeviceName": 57, "globalCallId_ClusterID": 65,
    }  # fmt: skip
    titles = {index: name for name, index in named.items()}
    header = [titles.get(index, f"column{index}") for index in range(129)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(f'"{name}"' for name in header) + "\n" + ",".join(["INTEGER"] * 129) + "\n")
        for call in made(rows):
            start, answer, end = (int(at.timestamp()) for at in (call.start, call.answer, call.end))
            row = ["0" if index % 3 else '""' for index in range(129)]
            ends = (f"{call.desk}", call.outside) if call.is_out else (call.outside, f"{call.desk}")
            devices = ("SEP001122334455", "GW1") if call.is_out else ("GW1", "SEP001122334455")
            row[0:3] = "1", "2", f"{call.number}"
            row[4], row[8], row[11], row[29:31], row[33] = f"{start}", f'"{ends[0]}"', "16", [f'"{ends[1]}"'] * 2, "0"
            row[47:49] = (f"{answer}" if call.talk_s else "0"), f"{end}"
            row[50], row[55:58] = f'"{call.uuid}"', [f"{call.talk_s}", *(f'"{name}"' for name in devices)]
            row[65] = '"office"'
            file.write(",".join(row) + "\n")


def write_avaya(path: Path, rows: int) -> None:
    """SMDR lines of 30 columns."""
    with path.open("w", encoding="utf-8") as file:
        for call in made(rows):
            ring_s = call.duration_s - call.talk_s
            talk = f"{call.talk_s // 3600:02d}:{call.talk_s // 60 % 60:02d}:{call.talk_s % 60:02d}"
            ends = f"{call.desk},O,{call.outside}" if call.is_out else f"{call.outside},I,{call.desk}"
            file.write(
                f"{call.start:%Y/%m/%d %H:%M:%S},{talk},{ring_s},{ends},{call.outside},,0,{1_000_000 + call.number},0,"
                f"E{call.desk},Anna,T9001,LINE 1.1,0,0,0,n/a,,0.00,,,0,,0,,,,\n"
            )


def write_panasonic(path: Path, rows: int) -> None:
    """SMDR of pattern A, a page header each 60 lines."""
    with path.open("w", encoding="utf-8") as file:
        for call in made(rows):
            if call.number % 60 == 0:
                file.write(
                    "  Date     Time    Ext CO        Dial Number        Ring Duration  Acc code  CD\n"
                    + "-" * 80
                    + "\n"
                )
            ring_s = call.duration_s - call.talk_s
            number = call.outside if call.is_out else f"<I>{call.outside}"
            ring = "" if call.is_out else f"{ring_s // 60}'{ring_s % 60:02d}"
            talk = f"{call.talk_s // 3600:02d}:{call.talk_s // 60 % 60:02d}'{call.talk_s % 60:02d}"
            file.write(f"{call.end:%d/%m/%y %I:%M%p} {call.desk:>5} 01 {number:<25} {ring:>4} {talk}\n")


def write_queue_log(path: Path, rows: int) -> None:
    """queue_log: who came in, who was rung in vain, who talked; what makes no leg is not in ROWS."""
    events = 0
    with path.open("w", encoding="utf-8") as file:
        for call in made(rows):
            start, answer, end = (int(at.timestamp()) for at in (call.start, call.answer, call.end))
            begin, agent = f"{start}.{call.number}|sales", f"PJSIP/{call.desk}"
            file.write(f"{start}|{begin}|NONE|ENTERQUEUE||{call.outside}|1\n")
            if (events := events + 1) == rows:
                return
            if call.talk_s:
                file.write(f"{answer}|{begin}|{agent}|CONNECT|{answer - start}|{answer}.1|3\n")
                file.write(f"{end}|{begin}|{agent}|COMPLETECALLER|{answer - start}|{call.talk_s}|1\n")
            else:
                file.write(f"{answer}|{begin}|{agent}|RINGNOANSWER|{1000 * (answer - start)}\n")
            if (events := events + 1) == rows:
                return


def write_cel(path: Path, rows: int) -> None:
    """cel_custom by the mapping of its sample: the events of the channels of a caller and of who was called."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for call in made(rows):
            linkedid = f"{int(call.start.timestamp())}.{2 * call.number}"
            inside, trunk = f"PJSIP/{call.desk}-{2 * call.number:08x}", f"PJSIP/provider-{2 * call.number + 1:08x}"
            names = (inside, trunk) if call.is_out else (trunk, inside)
            numbers = (f"{call.desk}", call.outside) if call.is_out else (call.outside, f"{call.desk}")
            ids = (linkedid, f"{int(call.start.timestamp())}.{2 * call.number + 1}")
            bridge = f'{{""bridge_id"":""{call.uuid}"",""bridge_technology"":""simple_bridge""}}'
            over = '{""hangupcause"":16,""hangupsource"":"""",""dialstatus"":""NOANSWER""}'
            talk = (
                ("ANSWER", call.answer, ""),
                ("BRIDGE_ENTER", call.answer, bridge),
                ("BRIDGE_EXIT", call.end, bridge),
            )
            steps = [("CHAN_START", call.start, ""), *(talk if call.talk_s else ())]
            steps += [("HANGUP", call.end, over), ("CHAN_END", call.end, "")]
            for event, at, extra in steps:
                for end in (0, 1):
                    exten = numbers[1] if event == "CHAN_START" and not end else "s"
                    app = "" if event == "CHAN_START" else "AppDial" if end else "Dial"
                    file.write(
                        f'"{event}","{int(at.timestamp())}.{call.number % 1_000_000:06d}","Anna","{numbers[end]}",'
                        f'"{numbers[end]}","","","{exten}","from-internal","{names[end]}","{app}","","3","",'
                        f'"{ids[end]}","{linkedid}","{names[1 - end] if "BRIDGE" in event and end else ""}","","",'
                        f'"{extra}"\n'
                    )
                    if (written := written + 1) == rows:
                        return


def write_grandstream(path: Path, rows: int) -> None:
    """Master.csv of a UCM, 26 columns."""
    names = (
        "Account Code,Caller Number,Callee Number,Context,CallerID Number,Source Channel,Dest. Channel,Last app.,"
        "Last date,Start Time,Answer Time,End Time,Call Time,Talk Time,Disposition,AMA Flags,Unique ID,Log Userfield,"
        "Dest Channel Extension,Caller Name,Answered by,Session,Premier Caller,Action Type,Source Trunk Name,"
        "Destination Trunk Name\n"
    )
    with path.open("w", encoding="utf-8") as file:
        file.write(names)
        for call in made(rows):
            inside, trunk = f"PJSIP/{call.desk}-{call.number:08x}", f"PJSIP/trunk_1-{call.number:08x}"
            ends = (f"{call.desk}", call.outside) if call.is_out else (call.outside, f"{call.desk}")
            channels, way = ((inside, trunk), "Outbound") if call.is_out else ((trunk, inside), "Inbound")
            start, answer, end = (f"{at + timedelta(hours=3):%Y-%m-%d %H:%M:%S}" for at in call[1:4])
            cells = ["", *ends, "from-internal", f"<{ends[0]}>", *channels, "Dial", "", start, answer, end]
            cells += [
                f"{call.duration_s}",
                f"{call.talk_s}",
                "ANSWERED" if call.talk_s else "NO ANSWER",
                "DOCUMENTATION",
            ]
            cells += [
                f"{int(call.start.timestamp())}.{call.number}",
                way,
                "",
                "Anna",
                "",
                call.uuid,
                "",
                "DIAL",
                "",
                "",
            ]
            file.write(",".join(f'"{cell}"' for cell in cells) + "\n")


def write_yeastar(path: Path, rows: int) -> None:
    """The table of a month, exported: 20 columns, no channels."""
    names = (
        "id,datetime,clid,src,dst,dcontext,srctrunk,dstrunk,lastapp,lastdata,duration,billable,disposition,amaflags,"
        "calltype,accountcode,uniqueid,recordfile,recordpath,didnumber\n"
    )
    with path.open("w", encoding="utf-8") as file:
        file.write(names)
        for call in made(rows):
            ends = (f"{call.desk}", call.outside) if call.is_out else (call.outside, f"{call.desk}")
            trunks, way, did = (",provider", "Outbound", "") if call.is_out else ("provider,", "Inbound", "74950000900")
            disposition = "ANSWERED" if call.talk_s else "NO ANSWER"
            file.write(
                f'0,{call.start + timedelta(hours=3):%Y-%m-%d %H:%M:%S},"""x"" <{ends[0]}>",{ends[0]},{ends[1]},'
                f"DLPN_DialPlan,{trunks},Dial,,{call.duration_s},{call.talk_s},{disposition},3,{way},,"
                f"{int(call.start.timestamp())}.{call.number},,,{did}\n"
            )
