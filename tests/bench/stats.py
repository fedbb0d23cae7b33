"""Medians and how sure they are: 95 % intervals by the bootstrap, with fixed random numbers, so
that the same samples give the same words."""

import random
import statistics

ROUNDS = 4000


def interval(samples, of=statistics.median):
    """The statistic with its 95 % interval."""
    chance = random.Random(1)
    found = sorted(of(chance.choices(samples, k=len(samples))) for _ in range(ROUNDS))
    return {"value": of(samples), "low": found[int(ROUNDS * 0.025)], "high": found[int(ROUNDS * 0.975)], "n": len(samples)}


def median(samples):
    return interval(samples)


def ratio(pairs):
    """The ratio of the medians of the two sides; pairs are drawn whole."""
    return interval(pairs, lambda drawn: statistics.median(a for a, _ in drawn) / statistics.median(b for _, b in drawn))
