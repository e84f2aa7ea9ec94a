"""A client of either library: `client.py module:function file` takes the arguments that are in the file, as JSON, and
prints the answer as JSON."""

import importlib
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    given = Path(sys.argv[2])
    arguments = json.loads(given.read_text())
    given.unlink()
    answer = getattr(importlib.import_module(module), name)(**arguments)
    print("\nANSWER " + json.dumps(answer))
