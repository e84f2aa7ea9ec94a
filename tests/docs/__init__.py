"""What the pages say: their code runs, their links lead somewhere, and what is generated is current."""
