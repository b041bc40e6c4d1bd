-- What the calendars say of the days of [first, last): whether each is worked. A loaded day wins over the country's; a day
-- that none of them has is not there.
WITH
    {first:Date} AS first_day,
    {last:Date} AS last_day,
    -- include: calendar.part
    1 AS done
SELECT toString(day) AS day, is_working
FROM calendar
WHERE is_known
ORDER BY day
