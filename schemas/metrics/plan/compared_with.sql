-- What [from, to) up to `now` is held against: one row with the half-open [before_from, before_to).
-- Whole months with as many months before; any other days with the same weekdays, so many whole weeks earlier that they do
-- not meet: a day with the same day a week before, a week with the week before. A period that is not over counts up to the
-- same day and clock time; one that began with a month, a quarter or a year is held against the last one of these.
WITH
    toTimeZone({from:DateTime('UTC')}, {zone:String}) AS start,
    toTimeZone({to:DateTime('UTC')}, {zone:String}) AS stop,
    toTimeZone(toDateTime({now:DateTime64(3, 'UTC')}, 'UTC'), {zone:String}) AS here,
    toDate(start) AS first_day,
    toDate(stop - 1) AS last_day,
    stop > here OR stop != toDateTime(last_day + 1, {zone:String}) AS is_running,
    last_day - first_day + 1 AS days,
    dateDiff('month', toStartOfMonth(first_day), toStartOfMonth(last_day)) + 1 AS touched,
    -- Who looks at the second day of a month that began on a Monday may mean the week: it has the weekdays of one.
    multiIf(
        start != toDateTime(toStartOfMonth(first_day), {zone:String}), 0,
        NOT is_running, last_day = toLastDayOfMonth(last_day),
        days > 1 AND (days > 7 OR toDayOfWeek(first_day) != 1)
    ) AS is_of_months,
    multiIf(
        NOT is_running, touched, touched > 3 AND toMonth(first_day) = 1, 12,
        touched = 2 AND first_day = toStartOfQuarter(first_day), 3, touched
    ) AS months,
    if(is_of_months, first_day - addMonths(first_day, -months), 7 * toInt32(ceil(days / 7))) AS shift,
    toTimeZone(addDays(start, -shift), 'UTC') AS before_from,
    if(is_of_months, toDateTime(addMonths(addMonths(first_day, -months), touched), {zone:String}), addDays(stop, -shift)) AS whole
SELECT
    before_from,
    toTimeZone(if(is_running, least(addDays(least(stop, here), -shift), whole), whole), 'UTC') AS before_to
