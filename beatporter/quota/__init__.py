"""The day's Spotify calls: what is left of them, who may take how many, and what a genre is thought to need."""
