"""The version of the package, in one place, where setup.cfg reads it as well as the file format."""

__version__ = "0.2.0.dev0"
