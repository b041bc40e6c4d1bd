    -- Moves of an organisation as numbers, which are put in order and compared in a fraction of the time that tuples take:
    --
    --   | bits 16 and above | bits 1 to 15                                       | bit 0           |
    --   | at, ms            | which stage, as its place in a list; 0: in none    | it is asked for |
    --
    -- The tests count the same move by move without packing (tests/pipeline/readouts/brute_funnel.py).
    (at, place, is_asked) -> bitShiftLeft(toUnixTimestamp64Milli(at), 16) + 2 * place + is_asked AS packed_move,
    move -> bitShiftRight(move, 16) AS moved_at_ms,
    move -> bitAnd(bitShiftRight(move, 1), 32767) AS place_of,
