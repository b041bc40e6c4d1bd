    -- The indicators of counted cells (`cell`, with its `day`): one definition for whatever is grouped by whatever.
    sum(cell.calls_to_potential) AS calls_to_potential,
    uniqExactArray(arrayMap(organisation -> (organisation, cell.day), cell.general_organisations)) AS general_proposals,
    sum(cell.individual_proposals) AS individual_proposals,
    -- The ones keep a currency whose amounts add up to nothing: sumMap drops keys that are zero all over.
    sumMap(cell.currencies, cell.amounts, arrayMap(amount -> 1, cell.amounts)) AS sums,
    sums.1 AS currencies,
    arrayMap(amount -> toString(amount), sums.2) AS amounts,
