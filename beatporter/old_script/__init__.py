"""Moves an installation of the script that Beatporter replaces over: its config.py, its history, its playlists."""
