"""Models: what things must come to, said so simply that it can be seen to be right."""
