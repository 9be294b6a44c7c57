"""The same network in PyTorch, and products of matrices.

Started by the Go program beside it with the number of threads. Reads requests,
one JSON object per line, and answers each with one line. Times are seconds
around the work alone.
"""
import json
import os
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F

FEATURES, WIDTH, HEADS, LAYERS, COLUMNS, RELATIONS = 32, 128, 8, 4, 64, 16
RATE, EPS = 1e-4, 1e-8
ILLEGAL = -1e30


def read(path):
    """Tensors of a safetensors file, all of 32-bit floats."""
    data = open(path, "rb").read()
    n = int.from_bytes(data[:8], "little")
    out = {}
    for name, t in json.loads(data[8:8 + n]).items():
        a, b = t["data_offsets"]
        x = numpy.frombuffer(data, "<f4", (b - a) // 4, 8 + n + a)
        out[name] = torch.from_numpy(x.reshape(t["shape"]).copy())
    return out


def write(path, tensors):
    header, body = {}, b""
    for name, x in tensors.items():
        raw = x.detach().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    h = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(len(h).to_bytes(8, "little") + h + body)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.relation = nn.Embedding(RELATIONS, HEADS)
        self.project = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, h, relations, padding):
        b, n = relations.shape[:2]
        q, k, v = self.qkv(self.norm1(h)).view(b, n, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        a = q @ k.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + self.relation(relations).permute(0, 3, 1, 2)
        if padding is not None:
            a = a + padding
        a = a.softmax(-1) @ v
        h = h + self.project(a.transpose(1, 2).reshape(b * n, WIDTH))
        return h + self.narrow(F.gelu(self.widen(self.norm2(h)), approximate="tanh"))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(FEATURES, WIDTH)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, COLUMNS)
        self.logz = nn.Parameter(torch.zeros(16))  # the first counts

    def forward(self, tokens, relations, mask, taken, padding=None):
        """The log-probability of the taken cell of each tree."""
        h = self.embed(tokens)
        for layer in self.layers:
            h = layer(h, relations, padding)
        logits = self.head(self.norm(h)).view(mask.shape) + mask
        return logits.log_softmax(-1).gather(1, taken)[:, 0]

    def entries(self):
        """Each parameter with its name on the other side, and whether it lies
        there transposed."""
        def linear(name, layer, turned=True):
            return [(name + ".w", layer.weight, turned), (name + ".b", layer.bias, False)]

        def norm(name, layer):
            return [(name + ".gamma", layer.weight, False), (name + ".beta", layer.bias, False)]

        out = linear("embed", self.embed) + norm("norm", self.norm) + linear("head", self.head, False)
        for i, l in enumerate(self.layers):
            out += norm(f"layer{i}.norm1", l.norm1) + norm(f"layer{i}.norm2", l.norm2)
            for name in ("qkv", "project", "widen", "narrow"):
                out += linear(f"layer{i}.{name}", getattr(l, name))
            out.append((f"layer{i}.relation", l.relation.weight, True))
        return out + [("log z", self.logz, False)]


class Batch:
    """A batch padded to its largest tree."""

    def __init__(self, t):
        sizes = t["sizes"].long()
        b, n = len(sizes), int(sizes.max())
        there = torch.arange(n)[None] < sizes[:, None]

        def pad(rows, fill):
            out = torch.full((b, n, rows.shape[1]), fill, dtype=torch.float32)
            out[there] = rows
            return out

        self.arguments = (  # of the network
            pad(t["input"], 0).view(b * n, FEATURES),
            pad(t["relations"], RELATIONS - 1)[:, :, :n].long().contiguous(),
            pad(t["masks"][t["mask"].long()], ILLEGAL).view(b, n * COLUMNS),
            t["taken"].long()[:, None],
        )
        if not there.all():
            self.arguments += (torch.zeros(b, 1, 1, n).masked_fill(~there[:, None, None], ILLEGAL),)
        self.target = t["target"]


class Torch:
    def __init__(self, threads):
        torch.set_num_threads(threads)

    def about(self, request):
        libraries = set()
        if os.path.exists("/proc/self/maps"):
            for line in open("/proc/self/maps"):
                path = os.path.realpath(line.split()[-1])
                if any(s in os.path.basename(path) for s in ("blas", "mkl", "blis")):
                    libraries.add(path)
        return {"version": torch.__version__, "python": sys.version.split()[0], "blas": sorted(libraries)}

    def load(self, request):
        tensors = read(request["file"])
        self.batch = Batch(tensors)
        self.network = Network()
        self.forms = {"": self.network}  # compiled networks, for inference
        with torch.no_grad():
            for name, p, turned in self.network.entries():
                x = tensors[name]
                p.copy_(x.t() if turned else x.view(p.shape))
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=RATE, eps=EPS)
        return {}

    def loss(self):
        x = self.batch
        return ((self.network.logz[0] + self.network(*x.arguments) - x.target) ** 2).mean()

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return loss

    def check(self, request):
        out = {}
        with torch.inference_mode():
            out["log-probabilities"] = self.network(*self.batch.arguments)
        losses = []
        for i in range(request["count"]):
            losses.append(self.step().detach())
            if i == 0:
                for name, p, turned in self.network.entries():
                    out["gradient of " + name] = (p.grad.t() if turned else p.grad).clone()
        out["losses"] = torch.stack(losses)
        write(request["out"], out)
        return {}

    def time(self, count, work):
        """Does the work once to warm up, and then count times."""
        work()
        start = time.perf_counter()
        for _ in range(count):
            work()
        return {"seconds": (time.perf_counter() - start) / count}

    def train(self, request):
        return self.time(request["count"], self.step)

    def compile(self, form):
        """The network traced and frozen, and perhaps optimized for inference."""
        network = torch.jit.freeze(torch.jit.trace(self.network.eval(), self.batch.arguments))
        if form == "optimized":
            network = torch.jit.optimize_for_inference(network)
        want = self.network(*self.batch.arguments)
        for _ in range(3):  # the first runs end the compilation
            got = network(*self.batch.arguments)
        if not (got - want).norm() <= 1e-4 * want.norm():
            raise ValueError(f"the {form} network computes something else")
        return network

    def infer(self, request):
        form, arguments = request.get("form", ""), self.batch.arguments
        with torch.inference_mode():
            if form not in self.forms:
                with torch.no_grad():
                    self.forms[form] = self.compile(form)
            network = self.forms[form]
            return self.time(request["count"], lambda: network(*arguments))

    def matrices(self, request):
        t = read(request["file"])
        self.a, self.b = t["a"], t["b"]
        self.c = torch.empty(len(self.a), self.b.shape[1])
        torch.mm(self.a, self.b, out=self.c)
        write(request["out"], {"c": self.c})
        return {}

    def product(self, request):
        return self.time(request["count"], lambda: torch.mm(self.a, self.b, out=self.c))


def main():
    side = Torch(int(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(side, request["do"])(request)
        except Exception as e:  # whatever it is, the other side reports it
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


main()
