-- Organisations that managers had conversations with, by local week (Monday) that begins in [from, to), and by what they
-- were at the manager's first conversation of that week: new, reactivated, new_to_manager, repeat. An organisation that
-- two managers talked to is in both's numbers. Every week has a row. A week that is not over at `now` has its numbers in
-- the `_so_far` columns. 365 days before `from` are looked at: what is further than the first stage without any
-- conversation in them is a repeat.
WITH
    -- include: novelty.part
    firsts AS (
        SELECT
            toMonday(toDate(at, {zone:String})) AS week, pair, argMin(novelty, at) AS novelty
        FROM touches
        GROUP BY week, pair
    ),
    toMonday(toDate({from:DateTime('UTC')}, {zone:String}) + 6) AS first_week,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) AS last_day,
    weeks AS (
        SELECT first_week + 7 * arrayJoin(range(toUInt32(greatest(0, intDiv(last_day - first_week + 7, 7))))) AS week
    )
SELECT
    toDateTime(weeks.week, {zone:String}) AS local_week,
    toTimeZone(local_week, 'UTC') AS time,
    toDateTime(weeks.week + 7, {zone:String}) > {now:DateTime64(3, 'UTC')} AS unfinished,
    if(unfinished, NULL, countIf(novelty = 'new')) AS new_organisations,
    if(unfinished, NULL, countIf(novelty = 'reactivated')) AS reactivated,
    if(unfinished, NULL, countIf(novelty = 'new_to_manager')) AS new_to_manager,
    if(unfinished, NULL, countIf(novelty = 'repeat')) AS repeats,
    if(unfinished, countIf(novelty = 'new'), NULL) AS new_so_far,
    if(unfinished, countIf(novelty = 'repeat'), NULL) AS repeats_so_far
FROM weeks LEFT JOIN firsts USING week
GROUP BY week
ORDER BY time
