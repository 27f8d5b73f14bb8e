"""Looks after playlists besides the daily run: backups and what they held on any day, restore, duplicates, histories."""
