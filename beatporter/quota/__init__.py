"""The day's Spotify calls: how many are left, how they are shared out, and how many a genre is expected to need."""
