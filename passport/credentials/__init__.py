"""The signed, standard form of what may be shown."""
