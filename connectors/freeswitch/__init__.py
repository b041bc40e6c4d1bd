"""FreeSWITCH: its logs of calls and what its words mean.

causes     what a hangup cause says of a leg that nobody answered
cdr_csv    mod_cdr_csv's Master.csv, by template
json_cdr   mod_json_cdr's objects, as files or as bodies of its posts
"""
