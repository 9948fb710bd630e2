"""What everybody may ask of what is kept about them: take it along, bring it elsewhere, correct it, erase it."""
