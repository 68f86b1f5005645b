"""How Sphinx makes the site: `python scripts/build_site.py` builds it, and looks at what came out."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_extensions"), str(ROOT / "scripts")]

from made_np import __version__  # noqa: E402

project = "made_np"
author = "The made_np developers"
copyright = "the made_np developers, BSD-3-Clause"
version = __version__
release = __version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "access",
    "commands",
    "explorer",
    "formulas",
    "sources",
    "try_it",
]
exclude_patterns = ["package.md", "start/programs"]
html_theme = "furo"
html_title = "made_np"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

# Docstrings are numpydoc; a word in backticks becomes a link where something of that name is on the site.
default_role = "py:obj"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
nitpicky = True
nitpick_ignore = [("py:class", "numpy.ndarray"), ("py:class", "numpy.dtype")]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Notebooks are text that the build runs. Nothing that they show comes from another host.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_in_temp = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_ipywidgets_js = {}
