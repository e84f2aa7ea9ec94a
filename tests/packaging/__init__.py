"""What an installation holds and needs."""
