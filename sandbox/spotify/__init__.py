"""Spotify's stand-in, in moto's shape: routes, responses, models (which know no HTTP), exceptions, and a search index."""
