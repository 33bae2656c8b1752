"""Working memory that threads keep between calls: how much, and that it goes when they end and when the library does."""

import subprocess
import sys

from conftest import ROOT

# Attention over so many keys packs some 4 MiB of them.
PROGRAM = """
func.func @attend(%q: tensor<1x1x?x64xf32>, %k: tensor<1x1x?x64xf32>, %v: tensor<1x1x?x64xf32>) -> tensor<1x1x?x64xf32> {
  %o = weir.attention @softmax(%q, %k, %v) : (tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>) -> tensor<1x1x?x64xf32>
  return %o : tensor<1x1x?x64xf32>
}
"""

SCRIPT = """
import _ctypes, ctypes, sys, threading, time
sys.path.insert(0, sys.argv[2])
import numpy as np
from weir_library import Library

libc = ctypes.CDLL(None)
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]
libc.mallinfo2.restype = Info
def used():
    info = libc.mallinfo2()
    return (info.uordblks + info.hblkhd) / 2**20

library = Library(sys.argv[1])
rng = np.random.default_rng(1)
q, k, v = (rng.normal(size=(1, 1, n, 64)).astype(np.float32) for n in (600, 16000, 16000))
wanted = np.zeros_like(q)
before = used()
library.call("attend", q, k, v, wanted)
print("kept", used() - before)
before = used()
for _ in range(20):
    library.call("attend", q, k, v, wanted)
print("more", used() - before)

def work(results):
    for keys in (16000, 9000, 12345, 16000):
        o = np.zeros_like(q)
        library.call("attend", q, k[:, :, :keys], v[:, :, :keys], o)
    results.append(np.array_equal(o, wanted))
before = used()
results = []
threads = [threading.Thread(target=work, args=(results,)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
# Python's join may return before the thread has run the destructors of its own data.
deadline = time.monotonic() + 60
while used() - before > 1 and time.monotonic() < deadline: time.sleep(0.01)
print("after", used() - before)
assert results == [True] * 8

# A thread that outlives the library: its memory goes with that.
called, gone = threading.Event(), threading.Event()
def outlive():
    work([])
    called.set()
    gone.wait()
thread = threading.Thread(target=outlive)
thread.start()
called.wait()
before = used()
_ctypes.dlclose(library.handle._handle)
print("unloaded", before - used())
gone.set()
thread.join()
library = Library(sys.argv[1])
o = np.zeros_like(q)
library.call("attend", q, k, v, o)
assert np.array_equal(o, wanted)
print("done")
"""


def test_kept_memory(weirc, tmp_path):
    (tmp_path / "attend.mlir").write_text(PROGRAM)
    done = weirc(tmp_path / "attend.mlir", "-o", tmp_path / "attend.so")
    assert done.returncode == 0, done.stderr
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path / "attend.so", ROOT / "examples" / "python"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    mebibytes = {name: float(value) for name, value in map(str.split, lines)}
    assert last == "done"
    assert 3 < mebibytes["kept"] <= 16.1, mebibytes
    assert mebibytes["more"] < 0.1, mebibytes
    assert mebibytes["after"] < 1, mebibytes
    assert mebibytes["unloaded"] > 6, mebibytes  # Of two threads.
