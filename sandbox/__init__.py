"""Local stand-ins for Beatport and Spotify over real HTTP, for the demo, the tests and the benchmarks.

`sandbox.world.Sandbox` is the entry point, `python -m sandbox` runs one, `sandbox.catalogue` holds the music and the right answers.
Nothing in the product imports this package; it uses only the product's plain records.
"""
