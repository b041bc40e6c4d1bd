"""The floor board: a department's day as it happens, in a terminal.

clock    a day that runs faster than the wall's
first_calls  whether they are still awaited
state    what is on the board, read from the store by the same SQL as `callfunnel activity`
notes    who needs a word: silent, away, few talks, behind the plan
columns  which numbers a width has room for
board    the lines for a width and a height; pure
show     the lines on a screen, or one block after the other in a log
"""
