"""The templates of the page: one Jinja environment, strict about names, escaping everything."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from web.assets import static_url

FOLDER = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Every text is escaped, and a name that does not exist is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static_url"] = static_url
    return made


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """What the application is built with."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment()))
