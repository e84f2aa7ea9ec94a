"""A program of the modelled tasks, on the store that the environment names."""

import os

from celeriac import Celeriac

from .workflows import register

STORE = os.environ["MODELLED_STORE"]
app = Celeriac("modelled", broker=STORE, backend=STORE)
register(app)
