"""A covering set: few choices of many parameters, in which every pair of values occurs."""

import itertools
import os

ALL = bool(os.environ.get("WEIR_TEST_ALL"))


def covering(parameters):
    """`parameters` maps names to lists of values. Returns dictionaries; all of the product under WEIR_TEST_ALL, else
    as few as a greedy search finds that hold every pair of values of two parameters."""
    names = list(parameters)
    product = [dict(zip(names, values)) for values in itertools.product(*parameters.values())]
    if ALL:
        return product
    pairs_of = [{(a, repr(choice[a]), b, repr(choice[b])) for a, b in itertools.combinations(names, 2)} for choice in product]
    missing = set().union(*pairs_of)
    chosen = []
    while missing:
        best = max(range(len(product)), key=lambda i: len(pairs_of[i] & missing))
        chosen.append(product[best])
        missing -= pairs_of[best]
    return chosen
