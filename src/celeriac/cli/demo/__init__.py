"""`celeriac demo`: a tour with a real worker, in a temporary folder, that needs no server."""
