    -- A count with mean mu and variance mu + phi mu²: negative binomial, and Poisson where phi is 0. Made of the ratios of
    -- neighbours, so that no factorial is taken and phi may be as small as it likes.
    -- count_tail: P(X <= x). count_none: P(X = 0). count_low: the least count that is not below the 5 % least likely.
    (x, mu, phi) -> arrayMap(
        above -> exp(if(phi < 1e-9, -mu, -log1p(phi * mu) / phi) + above),
        arrayPushFront(
            arrayCumSum(arrayMap(n -> log(mu * (1 + (n - 1) * phi) / (n * (1 + phi * mu))), range(1, toUInt32(x) + 1))), 0.
        )
    ) AS masses,
    (x, mu, phi) -> least(1., arraySum(masses(x, mu, phi))) AS count_tail,
    (mu, phi) -> exp(if(phi < 1e-9, -mu, -log1p(phi * mu) / phi)) AS count_none,
    (mu, phi) -> toUInt32(arrayFirstIndex(one -> one >= 0.05, arrayCumSum(masses(ceil(mu) + 1, mu, phi)))) - 1 AS count_low,
