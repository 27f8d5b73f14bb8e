"""Sends requests to every service: Spotify's Web API and accounts service, Beatport's website and API.

Owns the session, the caps on size and time, retries, Retry-After, pacing, and the cleaning of text that comes from outside. It knows
no service: `spotify` and `beatport` decide what an answer means beyond its status.
"""
