"""The version of the package, in one place: setup.cfg and the file format read it here."""

__version__ = "0.2.0.dev0"
