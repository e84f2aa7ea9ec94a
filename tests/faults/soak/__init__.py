"""The pieces of a soak: workers under a mixed load while everything that may happen to them happens."""
