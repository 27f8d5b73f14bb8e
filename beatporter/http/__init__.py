"""How a request to any service is sent, and what may come back: Spotify's Web API, its accounts service, Beatport's website and API.

Owns the session, the caps on size, time and length, retries, Retry-After, pacing, and what is taken out of text from outside. Knows
no service: what an answer means beyond its status is the business of `spotify` and `beatport`.
"""
