"""A sales department that never was, and knows the truth about itself.

The story comes first: who spoke to whom, when, how long, about what. What an exchange and a CRM would have recorded is
written from the story, and the truth is counted from the story: neither knows the other, nor the product's code.

knobs       what department is wanted
country     time zone, numbers, money and names of a country
working     working days, holidays, moved Saturdays
draws       the dice: one stream a purpose, the same for a seed
people      managers: pace, skill, extensions, leave
planted     what is hidden in it on purpose: squeezer, gamer, dead feed...
portfolio   organisations and their numbers
deals       what a conversation leads to: stages and proposals
calls       one call as it truly went
shift       a manager's day at the phone
callers     calls that reach nobody, nights, days off
story       the department, day after day
exchange    a call as the legs that Asterisk writes of it
mango       a call as the rows of Mango Office's statistics
threecx     a call as the lines of a 3CX log
layouts     a leg as the text of an export
dirt        what happens to exports on their way
tables      what the CRM and the planners export
truth       the numbers of docs/metrics, counted from the story
passage     the funnel, counted from the story
readme      what is in the files
picture     the department at a glance
generate    all of it into a folder
living      what comes after the exports, row by row at its time
comparing   what the product says, held against the truth
"""
