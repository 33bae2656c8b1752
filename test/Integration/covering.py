"""A covering set: few choices of many parameters, in which every pair of values occurs, or every three."""

import itertools
import os

ALL = bool(os.environ.get("WEIR_TEST_ALL"))
_found = {}


def covering(parameters):
    """`parameters` maps names to lists of values. Returns dictionaries, as few as a greedy search finds that hold every
    pair of values of two parameters, every triple of three under WEIR_TEST_ALL."""
    key = repr(parameters)
    if key not in _found:
        _found[key] = search(parameters, 3 if ALL else 2)
    return _found[key]


def search(parameters, strength):
    names = list(parameters)
    product = [dict(zip(names, values)) for values in itertools.product(*parameters.values())]
    together = list(itertools.combinations(names, min(strength, len(names))))
    held = [{(some, repr([choice[name] for name in some])) for some in together} for choice in product]
    missing = set().union(*held)
    chosen = []
    while missing:
        best = max(range(len(product)), key=lambda i: len(held[i] & missing))
        chosen.append(product[best])
        missing -= held[best]
    return chosen
