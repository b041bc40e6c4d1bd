"""The Asterisk family: cdr_csv, cdr_custom, FreePBX reports and their relatives, channel events, the manager interface.

layouts   which column is what, told from the file
peers     channels, extensions, trunks: who is at which end
legs      one row to one CallLeg
cdr_csv   a file to CallLegs and Rejecteds; derived: reports that other exchanges made of the same tables
table     the same tables through their database
queue_log who of a queue was rung, talked, gave up
cel       the channel event log: cel_calls gathers events to calls, cel_bridges knows who was together when, cel_story
          what that tells, cel_legs makes the legs
"""
