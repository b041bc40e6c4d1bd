"""A sales department that never was, and knows the truth about itself.

The simulation comes first: who spoke to whom, when, how long, about what. What an exchange and a CRM would have
recorded is written from the simulation, and the truth is counted from it: neither knows the other, nor the product's
code.

options          the size and circumstances of the department
country          time zone, numbers, money and names of a country
working_days     working days, holidays, moved Saturdays
random_streams   one stream of random numbers a purpose, the same for a seed
people           managers: pace, skill, extensions, leave
anomalies        hidden in it on purpose: squeezer, gamer, dead feed...
portfolio        organisations and their numbers
deals            what a conversation leads to: stages and proposals
calls            one call as it truly went
shift            a manager's day at the phone
callers          calls that reach nobody, nights, days off
simulation       the department, day after day
exchange         a call as the legs that Asterisk writes of it
mango            a call as the rows of Mango Office's statistics
threecx          a call as the lines of a 3CX log
layouts          a leg as the text of an export
corruption       what happens to exports on their way
tables           what the CRM and the planners export
truth            the numbers of docs/metrics, counted from the simulation
funnel_truth     the funnel, counted from the simulation
readme           what is in the files
truth_plot       the department at a glance, as SVG
generate         all of it into a folder
live_department  what comes after the exports, row by row at its time
comparison       the product's numbers held against the truth
"""
