"""The stand-in for Spotify, structured like moto: routes, responses, models (without HTTP), exceptions, and a search index."""
