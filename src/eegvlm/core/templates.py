"""Templates of pages, which escape their values and refuse undefined names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def page_template(package: str, name: str) -> Template:
    """Return a template that lies in a package; Jinja is imported when it is first asked for one.

    Parameters
    ----------
    package
        Its dotted name, such as ``eegvlm.report``.
    name
        The template's file.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
