"""Tables of the sales department: CSVs with a header in English or Russian.

definition     what a table is: its columns, the headers they may have, and how a row is read
managers, organisations, stages, proposals, plan, calendar, absences    one table each
tables         the list of all of them: a new table is a file beside these, and a line there
source         a file to the records of its table
"""
