"""« Ça me dérange »: reports and cases, joined by no other room."""
