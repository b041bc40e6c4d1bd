"""The Asterisk family of CSV: cdr_csv, cdr_custom, FreePBX reports and their relatives.

layouts   which column is what, told from the file
clock     local wall time to UTC, and the proof of the offset by the epoch inside `uniqueid`
peers     channels, extensions, trunks: who is at which end
legs      one row to one CallLeg
source    a file to CallLegs and Rejecteds
queue_log who of a queue was rung, talked, gave up
cel       the channel event log: cel_calls gathers events to calls, cel_bridges knows who was together when, cel_story
          what that tells, cel_legs makes the legs
"""
