import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys, torch
from ganvas.system.memory import keep_freed_memory
torch.set_num_threads(1)
assert keep_freed_memory()
x = torch.zeros(16 << 20)
for step in range(24):
    if step == 12:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    y = (2 * x + 1).relu()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the GNU C library")
def test_kept_memory_is_not_mapped_anew():
    command = [sys.executable, "-c", SCRIPT]
    faults = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    # 36 times 64 MB in pages of 4 KB would be 589,824 faults.
    assert faults < 150_000
