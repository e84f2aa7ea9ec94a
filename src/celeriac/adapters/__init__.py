"""One folder a technology: its broker, result store, lease and bus, found by URL scheme; nobody imports them."""
