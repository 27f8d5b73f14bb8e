"""The dataclasses that several rooms of the domain share. No logic, and no import of any other room."""
