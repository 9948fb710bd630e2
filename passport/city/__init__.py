"""What the city decides for itself, and the pages that say what everybody may count on."""
