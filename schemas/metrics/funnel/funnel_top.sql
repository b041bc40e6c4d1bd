-- Organisations that entered the funnel for the first time, by local week (Monday) that begins in [from, to), with the mean
-- of the eight weeks before each, since the first entry that is known. Moved to or through: the first change to any stage
-- of the funnel. By the owner at that entry. Every week has a row; the week that is not over at `now` has its number in
-- `entered_so_far`.
WITH
    arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)}) AS funnel,
    -- include: owned.part
    entries AS (
        SELECT
            min(at) AS entered_at, argMin(owner, (at, indexOf(funnel, stage))) AS who,
            argMin(owner_team, (at, indexOf(funnel, stage))) AS who_team
        FROM owned WHERE has(funnel, stage) GROUP BY organisation_id
    ),
    toMonday(toDate({from:DateTime('UTC')}, {zone:String}) + 6) AS first_week,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) AS last_day,
    counted AS (
        SELECT toMonday(toDate(entered_at, {zone:String})) AS week, count() AS entered FROM entries
        WHERE (empty({managers:Array(String)}) OR has({managers:Array(String)}, who))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, who_team))
        GROUP BY week
    ),
    weeks AS (
        SELECT first_week - 56 + 7 * arrayJoin(range(toUInt32(greatest(0, intDiv(last_day - first_week + 63, 7))))) AS week
    ),
    (SELECT toMonday(toDate(min(entered_at), {zone:String})) FROM entries) AS first_known,
    grid AS (
        SELECT
            week, entered,
            avg(if(week >= first_known, toNullable(entered), NULL)) OVER (ORDER BY week ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING) AS mean_before
        FROM weeks LEFT JOIN counted USING week
    )
SELECT
    toTimeZone(toDateTime(week, {zone:String}), 'UTC') AS time,
    toDateTime(week + 7, {zone:String}) > {now:DateTime64(3, 'UTC')} AS unfinished,
    if(unfinished, NULL, toNullable(entered)) AS entered,
    if(unfinished, toNullable(grid.entered), NULL) AS entered_so_far,
    mean_before
FROM grid WHERE week >= first_week
ORDER BY time
