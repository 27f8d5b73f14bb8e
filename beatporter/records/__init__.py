"""The dataclasses that several packages of the domain share. No logic, and no imports from the other packages."""
