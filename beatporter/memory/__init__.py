"""What a genre's run does with memory: captured by memray and the kernel, reported for a person.

Owns capture and report. Does not publish (the tasks do), keeps no history and judges no budget.
"""
