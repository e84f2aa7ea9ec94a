"""The app's configuration."""

from django.apps import AppConfig


class DemoappConfig(AppConfig):
    """demoapp."""

    name = "demoapp"
