"""Writes linalg on tensors the way torch-mlir does: one generic for each op, dimensions of size 1 read at 0."""

import itertools
from dataclasses import dataclass

IDENTITY = {"arith.addf": "0.0", "arith.maximumf": "0xFF800000", "arith.maxnumf": "0xFF800000", "arith.minimumf": "0x7F800000"}
HALF_IDENTITY = {"arith.maximumf": "0xFF80", "arith.minimumf": "0x7F80"}


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple
    element: str

    @property
    def type(self):
        return f"tensor<{'x'.join([*map(str, self.shape), self.element])}>"


class Function:
    """A function on tensors, op by op. Scalars are written as their SSA names or as numbers."""

    def __init__(self, name):
        self.name = name
        self.lines, self.arguments, self.counter, self.like = [], [], itertools.count(), None

    def fresh(self):
        return f"%v{next(self.counter)}"

    def argument(self, shape, element="f32"):
        tensor = Tensor(f"%a{len(self.arguments)}", tuple(shape), element)
        self.arguments.append((tensor.name, tensor.type))
        if self.like is None:
            self.like = tensor
        return tensor

    def scalar(self, element="f32"):
        name = f"%a{len(self.arguments)}"
        self.arguments.append((name, element))
        return name

    def line(self, text):
        self.lines.append("  " + text)

    def constant(self, text, element="f32"):
        name = self.fresh()
        self.line(f"{name} = arith.constant {text} : {element}")
        return name

    def empty(self, shape, element, dims=None):
        """Dynamic sizes are those of the first argument, in its dimensions `dims` or from the right."""
        sizes = []
        dims = dims or [i + len(self.like.shape) - len(shape) for i in range(len(shape))]
        for i, size in enumerate(shape):
            if size == "?":
                index, dim = self.constant(str(dims[i]), "index"), self.fresh()
                self.line(f"{dim} = tensor.dim {self.like.name}, {index} : {self.like.type}")
                sizes.append(dim)
        result = Tensor(self.fresh(), tuple(shape), element)
        self.line(f"{result.name} = tensor.empty({', '.join(sizes)}) : {result.type}")
        return result

    def fill(self, shape, element, text, dims=None):
        number, empty = self.constant(text, element), self.empty(shape, element, dims)
        result = Tensor(self.fresh(), empty.shape, element)
        self.line(f"{result.name} = linalg.fill ins({number} : {element}) outs({empty.name} : {empty.type}) -> {result.type}")
        return result

    def generic(self, inputs, init, out_map, iterators, body):
        rank = len(iterators)
        dims = ", ".join(f"d{i}" for i in range(rank))

        def reading(tensor):
            at = [f"d{i + rank - len(tensor.shape)}" if size != 1 else "0" for i, size in enumerate(tensor.shape)]
            return f"affine_map<({dims}) -> ({', '.join(at)})>"

        maps = ", ".join([*map(reading, inputs), f"affine_map<({dims}) -> ({', '.join(out_map)})>"])
        kinds = ", ".join(f'"{kind}"' for kind in iterators)
        names = [f"%i{i}" for i in range(len(inputs))]
        arguments = ", ".join([*(f"{n}: {t.element}" for n, t in zip(names, inputs)), f"%out: {init.element}"])
        result = Tensor(self.fresh(), init.shape, init.element)
        operands = f"{', '.join(t.name for t in inputs)} : {', '.join(t.type for t in inputs)}"
        self.line(f"{result.name} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}} ins({operands}) "
                  f"outs({init.name} : {init.type}) {{")
        self.line(f"^bb0({arguments}):")
        self.lines += ["    " + text for text in body]
        self.line(f"}} -> {result.type}")
        return result

    def map(self, op, *inputs, element=None, text=None):
        """An elementwise op; operands that are strings are scalars from outside."""
        tensors = [t for t in inputs if isinstance(t, Tensor)]
        rank = max(len(t.shape) for t in tensors)
        shape = [next((s for t in tensors if (s := dict(enumerate(reversed(t.shape))).get(rank - 1 - i, 1)) != 1), 1)
                 for i in range(rank)]
        names = iter(f"%i{i}" for i in range(len(tensors)))
        operands = ", ".join(next(names) if isinstance(t, Tensor) else t for t in inputs)
        element = element or tensors[-1].element
        signature = text or element
        return self.generic(tensors, self.empty(shape, element), [f"d{i}" for i in range(rank)], ["parallel"] * rank,
                            [f"%r = {op} {operands} : {signature}", f"linalg.yield %r : {element}"])

    def reduce(self, op, x, dim, keep=True, start=None, square=False):
        """A reduction along `dim`, which stays with size 1 or goes."""
        kept = [i for i in range(len(x.shape)) if keep or i != dim]
        shape = [x.shape[i] for i in kept]
        if keep:
            shape[dim] = 1
        identities = HALF_IDENTITY if x.element == "bf16" else {}
        init = self.fill(shape, x.element, start or identities.get(op, IDENTITY[op]), None if keep else kept)
        rank = len(x.shape)
        out_map = [f"d{i}" if i != dim else "0" for i in range(rank) if keep or i != dim]
        body = [f"%q = arith.mulf %i0, %i0 : {x.element}"] if square else []
        body += [f"%r = {op} {'%q' if square else '%i0'}, %out : {x.element}", f"linalg.yield %r : {x.element}"]
        return self.generic([x], init, out_map, ["reduction" if i == dim else "parallel" for i in range(rank)], body)

    def finish(self, *results):
        arguments = ", ".join(f"{n}: {t}" for n, t in self.arguments)
        types = ", ".join(r.type for r in results)
        return "\n".join([f"func.func @{self.name}({arguments}) -> ({types}) {{", *self.lines,
                          f"  return {', '.join(r.name for r in results)} : {types}", "}\n"])
