"""Workers told and asked over remote control, by our own client and command line."""
