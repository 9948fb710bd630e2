"""A life that the real services live, with a real database: everything people can do, in any order, with time passing."""
