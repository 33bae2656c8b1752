"""Programs of models in linalg: contractions, reshapes and transpositions beside what is elementwise."""

import math

from linalg_text import Function, Tensor


class Program(Function):
    """A function of models: contractions, reshapes, transpositions beside what is elementwise."""

    def einsum(self, spec, a, b, element=None, start="0.0"):
        """A contraction, widening its operands to `element`. Sizes follow from the operands."""
        inputs, out = spec.split("->")
        left, right = inputs.split(",")
        letters = out + "".join(sorted(set(left + right) - set(out)))
        sizes = dict(zip(left + right, a.shape + b.shape))
        element = element or a.element
        init = self.fill_from([(sizes[c], *next((t, s.index(c)) for t, s in ((a, left), (b, right)) if c in s)) for c in out],
                              element, start)
        maps = ", ".join(f"affine_map<({', '.join(letters)}) -> ({', '.join(s)})>" for s in (left, right, out))
        kinds = ", ".join('"parallel"' if c in out else '"reduction"' for c in letters)
        result = Tensor(self.fresh(), init.shape, element)
        self.line(f"{result.name} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}} "
                  f"ins({a.name}, {b.name} : {a.type}, {b.type}) outs({init.name} : {init.type}) {{")
        self.line(f"^bb0(%x: {a.element}, %y: {b.element}, %z: {element}):")
        names = []
        for name, own in (("%x", a.element), ("%y", b.element)):
            if own != element:
                self.line(f"  {name}w = arith.extf {name} : {own} to {element}")
            names.append(name if own == element else f"{name}w")
        self.line(f"  %p = arith.mulf {names[0]}, {names[1]} : {element}")
        self.line(f"  %s = arith.addf %z, %p : {element}")
        self.line(f"  linalg.yield %s : {element}")
        self.line(f"}} -> {result.type}")
        return result

    def size(self, tensor, dim):
        index, size = self.constant(str(dim), "index"), self.fresh()
        self.line(f"{size} = tensor.dim {tensor.name}, {index} : {tensor.type}")
        return size

    def fill_from(self, sizes, element, number):
        """A tensor of one number; sizes are (size, tensor, dimension)."""
        dynamic = [self.size(tensor, dim) for size, tensor, dim in sizes if size == "?"]
        empty = Tensor(self.fresh(), tuple(size for size, _, _ in sizes), element)
        self.line(f"{empty.name} = tensor.empty({', '.join(dynamic)}) : {empty.type}")
        constant, result = self.constant(number, element), Tensor(self.fresh(), empty.shape, element)
        self.line(f"{result.name} = linalg.fill ins({constant} : {element}) outs({empty.name} : {empty.type}) -> {result.type}")
        return result

    def collapse(self, x, groups):
        shape = tuple("?" if any(x.shape[i] == "?" for i in g) else math.prod(x.shape[i] for i in g) for g in groups)
        result = Tensor(self.fresh(), shape, x.element)
        self.line(f"{result.name} = tensor.collapse_shape {x.name} {groups} : {x.type} into {result.type}")
        return result

    def expand(self, x, groups, shape, sources=()):
        """`sources` are (tensor, dimension) of the dynamic sizes."""
        sizes = iter([self.size(*source) for source in sources])
        result = Tensor(self.fresh(), tuple(shape), x.element)
        output = ", ".join(next(sizes) if size == "?" else str(size) for size in shape)
        self.line(f"{result.name} = tensor.expand_shape {x.name} {groups} output_shape [{output}] : {x.type} into {result.type}")
        return result

    def transpose(self, x, order):
        init = self.fill_from([(x.shape[i], x, i) for i in order], x.element, "0.0")
        result = Tensor(self.fresh(), init.shape, x.element)
        self.line(f"{result.name} = linalg.transpose ins({x.name} : {x.type}) outs({init.name} : {init.type}) permutation = {list(order)}")
        return result

    def broadcast(self, x, dims, shape):
        init = self.fill(shape, x.element, "0.0") if "?" not in shape else None
        if init is None:
            kept = iter(i for i in range(len(x.shape)))
            init = self.fill_from([(size, x, 0 if i in dims else next(kept)) for i, size in enumerate(shape)], x.element, "0.0")
        result = Tensor(self.fresh(), tuple(shape), x.element)
        self.line(f"{result.name} = linalg.broadcast ins({x.name} : {x.type}) outs({init.name} : {init.type}) dimensions = {list(dims)}")
        return result

    def cast(self, x, element):
        wide = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64}
        op = "arith.extf" if wide[element] > wide[x.element] else "arith.truncf"
        return self.map(op, x, element=element, text=f"{x.element} to {element}")

    def apply(self, formula, x, *more):
        result = Tensor(self.fresh(), x.shape, x.element)
        operands = (x, *more)
        self.line(f"{result.name} = weir.apply @{formula}({', '.join(t.name for t in operands)}) : "
                  f"({', '.join(t.type for t in operands)}) -> {result.type}")
        return result

    def softmax(self, x, log=False):
        dim = len(x.shape) - 1
        m = self.reduce("arith.maximumf", x, dim)
        d = self.map("arith.subf", x, m)
        e = self.map("math.exp", d)
        return self.map("arith.divf", e, self.reduce("arith.addf", e, dim))

    def reduce(self, op, x, dim, keep=True, **rest):
        if "?" not in x.shape:
            return super().reduce(op, x, dim, keep=keep, **rest)
        # Sizes are those of `x`.
        number = {"arith.addf": "0.0", "arith.maximumf": "0xFF800000"}[op]
        shape = [1 if i == dim else size for i, size in enumerate(x.shape)]
        init = self.fill_from([(size, x, i) for i, size in enumerate(shape)], x.element, number)
        out_map = [f"d{i}" if i != dim else "0" for i in range(len(shape))]
        return self.generic([x], init, out_map, ["reduction" if i == dim else "parallel" for i in range(len(shape))],
                            [f"%r = {op} %i0, %out : {x.element}", f"linalg.yield %r : {x.element}"])

    def empty(self, shape, element, dims=None):
        """Dynamic sizes are those of the tensor at hand."""
        if "?" not in shape or self.at_hand is None:
            return super().empty(shape, element, dims)
        dynamic = [self.size(self.at_hand, i) for i, size in enumerate(shape) if size == "?"]
        result = Tensor(self.fresh(), tuple(shape), element)
        self.line(f"{result.name} = tensor.empty({', '.join(dynamic)}) : {result.type}")
        return result

    at_hand = None

    def map(self, op, *inputs, **rest):
        tensors = [t for t in inputs if isinstance(t, Tensor)]
        rank = max(len(t.shape) for t in tensors)
        self.at_hand = next(t for t in tensors if len(t.shape) == rank and t.shape.count(1) == min(
            u.shape.count(1) for u in tensors if len(u.shape) == rank))
        return super().map(op, *inputs, **rest)
