"""A client of either library: `client.py module:function` reads its arguments as JSON and prints its answer as JSON."""

import importlib
import json
import sys

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    answer = getattr(importlib.import_module(module), name)(**json.load(sys.stdin))
    print("\nANSWER " + json.dumps(answer))
