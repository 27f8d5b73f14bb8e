"""A genre's memory: captures it with memray and the kernel's figures, and reports it to a person.

Owns capture and report. Does not publish (the tasks do), keeps no history and judges no budget.
"""
