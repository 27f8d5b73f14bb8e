"""Local stand-ins for Beatport and Spotify over real HTTP, for the demo, the tests and the benchmarks.

`sandbox.world.Sandbox` is the whole of it, `python -m sandbox` runs one, `sandbox.catalogue` is the music with the right answers.
Nothing of the product imports this package; it takes the product's plain records and nothing else.
"""
