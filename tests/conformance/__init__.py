"""Every port on every adapter, against real servers that the tests start themselves."""
