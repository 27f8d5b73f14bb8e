"""The five steps of a genre's run, without Prefect: each takes a workspace and ids, and returns a short list of ids.

A step that died can be run again: what it finished is in the ledger or on Spotify, and it sends only the rest.
"""
