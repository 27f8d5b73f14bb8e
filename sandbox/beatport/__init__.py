"""A stand-in for Beatport: web pages and API v4 over the sandbox's catalogue."""
