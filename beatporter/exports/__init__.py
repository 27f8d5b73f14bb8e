"""What leaves for other programs, and comes back from a spreadsheet: history, charts, missing tracks, DJ sets. Calls no service."""
