"""Tests of made-np learn."""
